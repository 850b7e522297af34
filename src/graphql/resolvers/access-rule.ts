import type { AttachmentView } from '../../attachments/attachment.ts';
import type { AccessRule as ManilaAccessRule } from '../../openstack/manila/types.ts';

/** What stands behind GraphQL's AccessRule: a rule as Manila lists it, or as the record of an attachment knows it. */
export interface AccessRuleView {
  id: string;
  shareId: string;
  /** Manila's words. */
  accessType: string;
  accessTo: string;
  accessLevel: string;
  state: string | null;
  /** What Manila lists of it; null when only the record was read. */
  listed: ManilaAccessRule | null;
}

/** A rule from Manila's list of a share's rules: its items do not name the share. */
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

/** The rules of an attachment without asking Manila. A target whose rule is not known yet has no id to show and is left out. */
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
