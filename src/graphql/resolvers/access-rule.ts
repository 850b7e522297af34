import type { AttachmentView } from '../../attachments/attachment.ts';
import type { AccessRule as ManilaAccessRule } from '../../openstack/manila/types.ts';
import type { GatewayContext } from '../context.ts';
import { type AccessLevel, type AccessRuleResolvers, AccessRuleState, AccessType } from '../generated.ts';
import { enumValue, upstreamReaders } from './upstream-value.ts';

const { text, timestamp, stringMap } = upstreamReaders('manila');

const ACCESS_LEVELS: Readonly<Record<string, AccessLevel>> = { rw: 'READ_WRITE', ro: 'READ_ONLY' };

/** The parent of AccessRule's resolvers: a rule from Manila's list, or from the record of an attachment. */
export interface AccessRuleView {
  id: string;
  shareId: string;
  /** This and the next three fields have Manila's values. */
  accessType: string;
  accessTo: string;
  accessLevel: string;
  state: string | null;
  /** The rule from Manila's list; null when only the record was read. */
  listed: ManilaAccessRule | null;
}

/** A rule from Manila's list of a share's rules, whose items do not name the share. */
export function listedRule(shareId: string, rule: ManilaAccessRule): AccessRuleView {
  return {
    id: rule.id,
    shareId,
    accessType: rule.access_type,
    accessTo: rule.access_to,
    accessLevel: rule.access_level,
    state: rule.state,
    listed: rule,
  };
}

/** The rules in an attachment's record, without a call to Manila. A target whose rule is not known yet is left out. */
export function recordedRules(attachment: AttachmentView): AccessRuleView[] {
  return attachment.targets.flatMap(({ ruleId, accessTo, state }) =>
    ruleId === null
      ? []
      : [
          {
            id: ruleId,
            shareId: attachment.shareId,
            accessType: attachment.accessType,
            accessTo,
            accessLevel: attachment.accessLevel,
            state,
            listed: null,
          },
        ],
  );
}

/**
 * AccessRule's fields. Those that an attachment's record does not have come from Manila's list of the share's rules.
 */
export const AccessRule: AccessRuleResolvers = {
  id: (rule) => rule.id,
  accessType: (rule) => enumValue(AccessType, rule.accessType),
  accessTo: (rule) => text(rule, 'accessTo'),
  accessLevel: (rule) => ACCESS_LEVELS[text(rule, 'accessLevel') ?? ''] ?? null,
  state: (rule) => enumValue(AccessRuleState, rule.state),
  stateRaw: (rule) => text(rule, 'state'),
  accessKey: (rule, _args, context) => (rule.accessType === 'cephx' ? readAccessKey(rule, context) : null),
  metadata: async (rule, _args, context) => stringMap(await listed(rule, context), 'metadata') ?? {},
  createdAt: async (rule, _args, context) => timestamp(await listed(rule, context), 'created_at'),
  updatedAt: async (rule, _args, context) => timestamp(await listed(rule, context), 'updated_at'),
};

/** The key of a CephX rule, null until there is one. Each read is in the log, with who read it. */
async function readAccessKey(rule: AccessRuleView, context: GatewayContext): Promise<string | null> {
  const key = text(await listed(rule, context), 'access_key');
  if (key === null) return null;
  const { identity, log } = context.session;
  const reader = { userId: identity.userId, projectId: identity.projectId };
  log.info({ audit: 'access_key_read', ...reader, shareId: rule.shareId, ruleId: rule.id }, 'access key read');
  return key;
}

/** The rule from Manila's list; empty when Manila no longer has it. */
async function listed(rule: AccessRuleView, { loaders }: GatewayContext): Promise<Partial<ManilaAccessRule>> {
  return rule.listed ?? (await loaders.accessRules.load(rule.shareId)).find(({ id }) => id === rule.id) ?? {};
}
