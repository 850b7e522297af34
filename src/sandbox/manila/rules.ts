import type { AccessRule, Cloud, RuleChange, RuleState, Share, UserMessage } from '../cloud.ts';
import { newCephKey, newRequestId, newUuid } from '../ids.ts';
import { later, notify } from '../work.ts';
import { dropLocks, placeLocks } from './locks.ts';

/** The driver rejects this client; other rules of the batch succeed. */
export const REJECTED_ADDRESS = '203.0.113.66';
/** The driver throws for this client: every rule of the batch ends in error. */
export const BREAKING_ADDRESS = '203.0.113.67';
/** The driver takes long for this client (20 s by default), and later rules of the share wait. */
export const SLOW_ADDRESS = '203.0.113.99';
const MAX_MESSAGES = 1000;

/** Access types by protocol. Manila accepts others too; the driver then fails. */
const TYPES: Record<string, readonly string[]> = { NFS: ['ip'], CIFS: ['user', 'ip'], CEPHFS: ['cephx'] };

/** Reasons for a failed rule, with the ids of Manila's user messages (manila/message/message_field.py). */
const FAILURES = {
  forbidden: {
    detailId: '020',
    text: 'Failed to grant access to client. The client ID used may be forbidden. You may try again with a different client identifier.',
  },
  unsupported: {
    detailId: '021',
    text: 'Failed to grant access to client. The access level or type may be unsupported. You may try again with a different access level or access type.',
  },
  unknown: { detailId: '001', text: 'An unknown error occurred.' },
} as const;

/** Reasons why work on a share failed. */
const SHARE_FAILURES = {
  noDefaultType: {
    actionId: '002',
    detailId: '024',
    text: 'create: No default share type has been made available. You must specify a share type for creating shares.',
  },
  refusedShrink: {
    actionId: '009',
    detailId: '018',
    text: 'shrink: Share Driver refused to shrink the share. The size to be shrunk is smaller than the current used space. The share status has been set to available. Please select a size greater than the current used space.',
  },
} as const;

export type ShareFailure = keyof typeof SHARE_FAILURES;

/** Adds Manila's message about failed work on a share. */
export function addShareMessage(cloud: Cloud, share: Share, requestId: string, failure: ShareFailure): void {
  pushMessage(cloud, share, requestId, SHARE_FAILURES[failure]);
}

/** Properties of a new rule; by default an active one of the share's owner. */
export type NewRule = Pick<AccessRule, 'accessType' | 'accessTo'> &
  Partial<Omit<AccessRule, 'shareId'>> & { isVisibilityLocked?: boolean; isDeletionLocked?: boolean };

/** Adds a rule without involving the driver. */
export function addRule(
  cloud: Cloud,
  share: Share,
  { isVisibilityLocked = false, isDeletionLocked = false, ...given }: NewRule,
): AccessRule {
  const rule: AccessRule = {
    id: newUuid(),
    shareId: share.id,
    accessLevel: 'rw',
    state: 'active',
    accessKey: null,
    metadata: {},
    userId: share.userId,
    requestId: newRequestId(),
    createdAt: Date.now(),
    updatedAt: null,
    ...given,
  };
  cloud.rules.set(rule.id, rule);
  const owner = { userId: rule.userId, projectId: share.projectId, context: 'user' } as const;
  placeLocks(cloud, rule, owner, { deletion: isDeletionLocked, visibility: isVisibilityLocked, reason: null });
  notifyChange(cloud, rule, rule.state);
  return rule;
}

/** All rules of a share, oldest first. */
export function rulesOf(cloud: Cloud, shareId: string): AccessRule[] {
  return [...cloud.rules.values()].filter((rule) => rule.shareId === shareId);
}

/** Sets the state of a rule, and notifies listeners. */
export function setRuleState(cloud: Cloud, rule: AccessRule, state: RuleState): void {
  rule.state = state;
  rule.updatedAt = Date.now();
  notifyChange(cloud, rule, state);
}

/** Removes a rule at once, and notifies listeners. */
export function dropRule(cloud: Cloud, rule: AccessRule): void {
  if (!cloud.rules.delete(rule.id)) return;
  dropLocks(cloud, rule.id);
  notifyChange(cloud, rule, null);
}

function notifyChange(cloud: Cloud, rule: AccessRule, state: RuleChange['state']): void {
  for (const listener of [...cloud.ruleListeners]) listener({ rule: { ...rule }, state });
  notify(cloud);
}

/** The `access_rules_status` of a share. */
export function rulesStatusOf(cloud: Cloud, shareId: string): 'active' | 'syncing' | 'error' {
  const states = rulesOf(cloud, shareId).map((rule) => rule.state);
  if (states.some((state) => state === 'applying' || state === 'updating' || state === 'denying')) return 'syncing';
  return states.includes('error') ? 'error' : 'active';
}

/**
 * Passes queued rules to the driver after one step. While the driver works on a share, further rules of the share wait
 * for the next batch (manila/share/access.py, update_access_rules).
 */
export function syncRules(cloud: Cloud, share: Share): void {
  if (cloud.syncing.has(share.id)) return;
  cloud.syncing.add(share.id);
  later(cloud, cloud.stepMs, () => beginBatch(cloud, share));
}

/** The state of a queued rule when the driver begins with it. */
const STARTED: Partial<Record<RuleState, RuleState>> = {
  queued_to_apply: 'applying',
  queued_to_update: 'updating',
  queued_to_deny: 'denying',
};

function beginBatch(cloud: Cloud, share: Share): void {
  const queued = rulesOf(cloud, share.id).filter(({ state }) => state in STARTED);
  if (queued.length === 0) {
    cloud.syncing.delete(share.id);
    return;
  }
  for (const rule of queued) setRuleState(cloud, rule, STARTED[rule.state] ?? rule.state);
  const isSlow = queued.some((rule) => rule.state === 'applying' && rule.accessTo === SLOW_ADDRESS);
  later(cloud, isSlow ? cloud.slowMs : cloud.stepMs, () => {
    endBatch(cloud, share, queued);
    beginBatch(cloud, share);
  });
}

/** Completes the rules that are still `applying` or `denying`: a rule denied meanwhile is queued again. */
function endBatch(cloud: Cloud, share: Share, batch: readonly AccessRule[]): void {
  const mine = batch.filter((rule) => cloud.rules.has(rule.id));
  const isBroken = mine.some((rule) => rule.state === 'applying' && rule.accessTo === BREAKING_ADDRESS);
  for (const rule of mine) {
    const failure = isBroken ? 'unknown' : failureOf(share, rule);
    if (rule.state === 'applying' || rule.state === 'updating')
      failure ? fail(cloud, share, rule, failure) : activate(cloud, rule);
    else if (rule.state === 'denying') isBroken ? fail(cloud, share, rule, 'unknown') : dropRule(cloud, rule);
  }
}

function failureOf(share: Share, { accessType, accessTo }: AccessRule): keyof typeof FAILURES | null {
  if (!TYPES[share.protocol]?.includes(accessType)) return 'unsupported';
  return accessTo === REJECTED_ADDRESS ? 'forbidden' : null;
}

function activate(cloud: Cloud, rule: AccessRule): void {
  if (rule.accessType === 'cephx') rule.accessKey ??= newCephKey();
  setRuleState(cloud, rule, 'active');
}

function fail(cloud: Cloud, share: Share, rule: AccessRule, why: keyof typeof FAILURES): void {
  addMessage(cloud, share, rule.requestId, why);
  setRuleState(cloud, rule, 'error');
}

function addMessage(cloud: Cloud, share: Share, requestId: string, why: keyof typeof FAILURES): void {
  const { detailId, text } = FAILURES[why];
  pushMessage(cloud, share, requestId, { actionId: '010', detailId, text: `update access rules: ${text}` });
}

function pushMessage(
  cloud: Cloud,
  share: Share,
  requestId: string,
  failure: Pick<UserMessage, 'actionId' | 'detailId' | 'text'>,
): void {
  const message: UserMessage = {
    id: newUuid(),
    projectId: share.projectId,
    resourceId: share.id,
    requestId,
    ...failure,
    createdAt: Date.now(),
  };
  cloud.messages.push(message);
  if (cloud.messages.length > MAX_MESSAGES) cloud.messages.shift();
}
