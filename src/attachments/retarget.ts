/** An attachment's targets when its server's addresses change. Pure, unlike access-targets.ts: no clock, no I/O. */
import type { Attachment, Target } from './attachment.ts';
import type { Observation } from './reconcile/decide.ts';

/** Maximum targets of one record, those being removed included: a change completes before the next one begins. */
const MAX_TARGETS_IN_CHANGE = 64;

/** The fields of a record that say whether it follows its server's addresses. */
type Retargetable = Pick<Attachment, 'via' | 'accessType' | 'requestedAccessTo' | 'targets'>;

/** Whether the gateway chose the targets, which therefore follow the server's addresses. */
export function followsAddresses({ via, accessType, requestedAccessTo }: Retargetable): boolean {
  return via !== 'virtiofs' && accessType === 'ip' && requestedAccessTo === null;
}

/** Whether the targets, without those being removed, differ from the desired ones. */
export function isStale({ targets }: Pick<Attachment, 'targets'>, desired: readonly string[]): boolean {
  const kept = targets.filter(({ change }) => change !== 'removing').map(({ accessTo }) => accessTo);
  return kept.length !== desired.length || kept.some((accessTo) => !desired.includes(accessTo));
}

/** Whether targets are being added, removed or updated. */
export function isRetargeting({ targets }: Pick<Attachment, 'targets'>): boolean {
  return targets.some(({ change }) => change !== undefined);
}

/** The targets on their way to the desired ones: missing ones are `adding`, all others `removing`. */
export function retarget(targets: readonly Target[], desired: readonly string[]): Target[] {
  const existing = targets.map((target): Target => {
    if (!desired.includes(target.accessTo)) return { ...target, change: 'removing' };
    return target.change === 'removing' ? { ...target, change: 'adding' } : target;
  });
  const added = desired
    .filter((accessTo) => !targets.some((target) => target.accessTo === accessTo))
    .map((accessTo): Target => ({ accessTo, ruleId: null, isOwned: false, state: null, change: 'adding' }));
  const all = [...existing, ...added];
  return all.length > MAX_TARGETS_IN_CHANGE ? [...targets] : all;
}

/**
 * The record after its change: added targets are ordinary ones, removed ones are dropped. One whose rule of ours still
 * exists, as no session could revoke it, stays `removing`, and the attachment stays stale.
 */
export function completeRetarget(record: Attachment, observed: Observation): Attachment {
  if (!isRetargeting(record)) return record;
  const targets = record.targets.flatMap((target, i): Target[] => {
    const { change, ...unchanged } = target;
    const rule = observed.rules[i];
    if (change !== 'removing') return [unchanged];
    return rule?.isOurs && !rule.isShared ? [target] : [];
  });
  const { renewsRules: _renews, ...changed } = record;
  return { ...changed, targets, staleSince: isRetargeting({ targets }) ? record.staleSince : null };
}
