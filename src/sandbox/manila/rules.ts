import type { AccessRule, Cloud, RuleChange, RuleState, Share, UserMessage } from '../cloud.ts';
import { newCephKey, newRequestId, newUuid } from '../ids.ts';
import { later, notify } from '../work.ts';

/** The driver refuses this client; its neighbours in the batch go through. */
export const REFUSED_ADDRESS = '203.0.113.66';
/** The driver throws at this client: every rule of the batch ends in error. */
export const BREAKING_ADDRESS = '203.0.113.67';
/** The driver takes long for this client (20 s unless told otherwise), and later rules of the share wait. */
export const SLOW_ADDRESS = '203.0.113.99';
const MOST_MESSAGES = 1000;

/** Types that a protocol knows. Manila takes others too; the driver then ends them in error. */
const TYPES: Record<string, readonly string[]> = { NFS: ['ip'], CIFS: ['user', 'ip'], CEPHFS: ['cephx'] };

/** Why a rule fails: the ids of Manila's user messages (manila/message/message_field.py). */
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

/** What may be said of a rule that a test puts in; the rest is as on an active one of the share's owner. */
export type NewRule = Pick<AccessRule, 'accessType' | 'accessTo'> & Partial<Omit<AccessRule, 'shareId'>>;

/** Puts a rule into the cloud; nobody works on it. */
export function addRule(cloud: Cloud, share: Share, given: NewRule): AccessRule {
  const rule: AccessRule = {
    id: newUuid(),
    shareId: share.id,
    accessLevel: 'rw',
    state: 'active',
    accessKey: null,
    metadata: {},
    isVisibilityLocked: false,
    isDeletionLocked: false,
    userId: share.userId,
    requestId: newRequestId(),
    createdAt: Date.now(),
    updatedAt: null,
    ...given,
  };
  cloud.rules.set(rule.id, rule);
  tell(cloud, rule, rule.state);
  return rule;
}

/** All rules of a share, oldest first. */
export function rulesOf(cloud: Cloud, shareId: string): AccessRule[] {
  return [...cloud.rules.values()].filter((rule) => rule.shareId === shareId);
}

/** Puts a rule into a state, and tells. */
export function setRuleState(cloud: Cloud, rule: AccessRule, state: RuleState): void {
  rule.state = state;
  rule.updatedAt = Date.now();
  tell(cloud, rule, state);
}

/** Takes a rule out at once, and tells. */
export function dropRule(cloud: Cloud, rule: AccessRule): void {
  if (cloud.rules.delete(rule.id)) tell(cloud, rule, null);
}

function tell(cloud: Cloud, rule: AccessRule, state: RuleChange['state']): void {
  for (const listener of [...cloud.ruleListeners]) listener({ rule: { ...rule }, state });
  notify(cloud);
}

/** What a share shows of its rules together. */
export function rulesStatusOf(cloud: Cloud, shareId: string): 'active' | 'syncing' | 'error' {
  const states = rulesOf(cloud, shareId).map((rule) => rule.state);
  if (states.some((state) => state === 'applying' || state === 'denying')) return 'syncing';
  return states.includes('error') ? 'error' : 'active';
}

/**
 * Tells the driver of queued rules after one step. While it is busy with a share it takes no more: what is queued then
 * goes in the next batch (manila/share/access.py, update_access_rules).
 */
export function syncRules(cloud: Cloud, share: Share): void {
  if (cloud.syncing.has(share.id)) return;
  cloud.syncing.add(share.id);
  later(cloud, cloud.stepMs, () => beginBatch(cloud, share));
}

function beginBatch(cloud: Cloud, share: Share): void {
  const queued = rulesOf(cloud, share.id).filter(
    ({ state }) => state === 'queued_to_apply' || state === 'queued_to_deny',
  );
  if (queued.length === 0) {
    cloud.syncing.delete(share.id);
    return;
  }
  for (const rule of queued) setRuleState(cloud, rule, rule.state === 'queued_to_apply' ? 'applying' : 'denying');
  const isSlow = queued.some((rule) => rule.state === 'applying' && rule.accessTo === SLOW_ADDRESS);
  later(cloud, isSlow ? cloud.slowMs : cloud.stepMs, () => {
    endBatch(cloud, share, queued);
    beginBatch(cloud, share);
  });
}

/** Only what is still `applying` or `denying` is settled: a rule denied meanwhile is queued again. */
function endBatch(cloud: Cloud, share: Share, batch: readonly AccessRule[]): void {
  const mine = batch.filter((rule) => cloud.rules.has(rule.id));
  const isBroken = mine.some((rule) => rule.state === 'applying' && rule.accessTo === BREAKING_ADDRESS);
  for (const rule of mine) {
    const failure = isBroken ? 'unknown' : failureOf(share, rule);
    if (rule.state === 'applying') failure ? fail(cloud, share, rule, failure) : activate(cloud, rule);
    else if (rule.state === 'denying') isBroken ? fail(cloud, share, rule, 'unknown') : dropRule(cloud, rule);
  }
}

function failureOf(share: Share, { accessType, accessTo }: AccessRule): keyof typeof FAILURES | null {
  if (!TYPES[share.protocol]?.includes(accessType)) return 'unsupported';
  return accessTo === REFUSED_ADDRESS ? 'forbidden' : null;
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
  const message: UserMessage = {
    id: newUuid(),
    projectId: share.projectId,
    resourceId: share.id,
    requestId,
    actionId: '010',
    detailId,
    text: `update access rules: ${text}`,
    createdAt: Date.now(),
  };
  cloud.messages.push(message);
  if (cloud.messages.length > MOST_MESSAGES) cloud.messages.shift();
}
