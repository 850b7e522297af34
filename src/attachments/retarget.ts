/** An attachment's targets when its server's addresses change: pure, no clock, no package. */
import type { Attachment, Target } from './attachment.ts';
import type { Observation } from './reconcile/decide.ts';

/** Targets of one record at the most, those on their way out with them: what is under way ends before more is begun. */
const MAX_TARGETS_IN_CHANGE = 64;

/** What of a record its aim is read from. */
type Retargetable = Pick<Attachment, 'accessType' | 'requestedAccessTo' | 'targets'>;

/** Whether the gateway found the targets itself, and so follows the server's addresses. */
export function followsAddresses({ accessType, requestedAccessTo }: Retargetable): boolean {
  return accessType === 'ip' && requestedAccessTo === null;
}

/** Whether the targets that are to stay are others than the wanted ones. */
export function isStale({ targets }: Pick<Attachment, 'targets'>, wanted: readonly string[]): boolean {
  const staying = targets.filter(({ change }) => change !== 'leaving').map(({ accessTo }) => accessTo);
  return staying.length !== wanted.length || staying.some((accessTo) => !wanted.includes(accessTo));
}

/** Whether targets come or leave at present. */
export function isInChange({ targets }: Pick<Attachment, 'targets'>): boolean {
  return targets.some(({ change }) => change !== undefined);
}

/** The targets on their way to the wanted ones: what is new is coming, what is not wanted any more is leaving. */
export function retarget(targets: readonly Target[], wanted: readonly string[]): Target[] {
  const kept = targets.map((target): Target => {
    if (!wanted.includes(target.accessTo)) return { ...target, change: 'leaving' };
    return target.change === 'leaving' ? { ...target, change: 'coming' } : target;
  });
  const added = wanted
    .filter((accessTo) => !targets.some((target) => target.accessTo === accessTo))
    .map((accessTo): Target => ({ accessTo, ruleId: null, isOwned: false, state: null, change: 'coming' }));
  const all = [...kept, ...added];
  return all.length > MAX_TARGETS_IN_CHANGE ? [...targets] : all;
}

/**
 * The record with its changes done: what came stays, what left is no target any more. A rule of ours that is still there, as
 * nobody was there to take it away, goes on leaving, and the attachment stays stale.
 */
export function completeRetarget(record: Attachment, seen: Observation): Attachment {
  if (!isInChange(record)) return record;
  const targets = record.targets.flatMap((target, i): Target[] => {
    const { change, ...settled } = target;
    const rule = seen.rules[i];
    if (change !== 'leaving') return [settled];
    return rule?.isOurs && !rule.isShared ? [target] : [];
  });
  return { ...record, targets, staleSince: isInChange({ targets }) ? record.staleSince : null };
}
