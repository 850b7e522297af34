/** What one reconcile works with, and what Nova and Manila show of its attachment. */
import { GatewayError } from '../../errors.ts';
import { listExportLocations } from '../../openstack/manila/client.ts';
import type { AccessRule, ExportLocation } from '../../openstack/manila/types.ts';
import type { Session } from '../../openstack/session.ts';
import { canonicalTarget } from '../access-targets.ts';
import { type Attachment, elapsedMs } from '../attachment.ts';
import { withExports } from '../guest/exported-as.ts';
import { readRules } from '../rule-lists.ts';
import { isOwn, isOwner, type RuleOwnership, readHolders } from '../rule-metadata.ts';
import type { AttachmentStore } from '../store/contract.ts';
import type { Observation, ObservedRule, Rights } from './decide.ts';
import { readServer } from './server-reads.ts';

/** After how long Nova is asked for the server and Manila for the export locations in every reconcile, in ms. */
const SLOW_AFTER_MS = 10_000;
/** No call starts with less than this left of the lease, in ms. */
const MARGIN_MS = 500;

/** What one reconcile of one attachment works with. */
export interface ReconcileContext {
  readonly store: AttachmentStore;
  /** Whose token makes the calls. `leasedSession` replaces its signal. */
  readonly session: Session;
  readonly rights: Rights;
  /** The gateway's own session, which reads what policy hides from users; null where it has no credentials. */
  readonly ownSession?: () => Promise<Session | null>;
  /** The random value under which the record is leased. */
  readonly owner: string;
  /** When the lease ends, on this process's monotonic clock (performance.now). No call starts after it. */
  readonly leaseEnds: number;
  /** Ends the reconcile early: the process stops. */
  readonly signal: AbortSignal;
  readonly deadlineMs: number;
  /** A final upstream error is thrown to the caller as FinalError instead of becoming a fault. */
  readonly rethrowFinal: boolean;
  /** Nova is asked for the server in any status. Takes a token that sees every project, as a 404 means deleted. */
  readonly observesServer?: boolean;
  /** What was observed just before: the first decision is made on it. */
  readonly observed?: Observed;
}

/** What upstream shows, and the rules as Manila sent them, aligned with the targets. */
export interface Observed extends Observation, RuleOwnership {
  /** Null: not read. */
  readonly locations: readonly ExportLocation[] | null;
  readonly rules: readonly (ObservedRule | null)[];
  readonly isOwner: readonly boolean[];
}

/** Another worker has the record now, or it was removed: what this reconcile observed is void. */
export class LeaseLost extends Error {}

/** Whether an error says that a store or a reconcile was interrupted rather than that the work failed. */
export function isInterruption(error: unknown): boolean {
  return error instanceof LeaseLost || (error instanceof GatewayError && error.code === 'STATE_UNAVAILABLE');
}

/**
 * The session for the next calls: none starts after the lease, and none outlives it, as `reconcile` aborts the signal
 * then. Throws LeaseLost.
 */
export function leasedSession(context: ReconcileContext): Session {
  if (remainingLeaseMs(context) <= 0) throw new LeaseLost();
  context.signal.throwIfAborted();
  return { ...context.session, signal: context.signal };
}

/** For how long a reconcile may still start calls, in ms. */
export function remainingLeaseMs(context: ReconcileContext): number {
  return Math.floor(context.leaseEnds - performance.now() - MARGIN_MS);
}

/**
 * Reads all that the next decision needs. Costs one request, or three when every rule is active or the work takes long:
 * then also the server and the export locations.
 */
export async function observe(context: ReconcileContext, record: Attachment): Promise<Observed> {
  const [holders, key] = await Promise.all([readHolders(context.store, record), context.store.signingKey()]);
  const session = leasedSession(context);
  const rules = await readRules(session, record.shareId);
  const observed = matchRules(record, rules ?? [], holders, key);
  if (!rules) return { ...observed, share: 'gone' };
  const isActive = observed.rules.every((rule, i) => {
    return rule?.state === 'active' || record.targets[i]?.change === 'removing';
  });
  const readsExports = record.status === 'attaching' && (isActive || elapsedMs(record) > SLOW_AFTER_MS);
  const [server, locations] = await Promise.all([
    readsExports || context.observesServer ? readServer(session, record.serverId) : undefined,
    readsExports ? listExportLocations(session, record.shareId) : undefined,
  ]);
  return {
    ...observed,
    server: server === undefined ? 'unasked' : server ? 'present' : 'gone',
    isExported: readsExports ? (locations?.length ?? 0) > 0 : null,
    locations: locations ?? null,
  };
}

/**
 * The record's targets found among a share's rules. A rule whose target Manila redacts is found by its id only.
 * @param holders another attachment that holds each target, aligned with them (readHolders)
 * @param key the store's signing key; without it, a rule for a server of another project names no owner
 */
export function matchRules(
  record: Attachment,
  rules: readonly AccessRule[],
  holders: readonly (Attachment | null)[],
  key: string | null,
): Observed {
  const { accessType } = record;
  const byTarget = indexByTarget(rules);
  const wire = record.targets.map(({ accessTo, ruleId }) => {
    return byTarget.get(targetOf(accessType, accessTo)) ?? rules.find((rule) => rule.id === ruleId) ?? null;
  });
  return {
    server: 'unasked',
    share: 'present',
    isExported: null,
    locations: null,
    holders,
    wire,
    isOwner: wire.map((rule) => rule !== null && isOwner(key, record, rule)),
    rules: wire.map((rule, i) => rule && toObservedRule(rule, isOwn(key, record, rule), Boolean(holders[i]))),
  };
}

const indexes = new WeakMap<readonly AccessRule[], ReadonlyMap<string, AccessRule>>();

/** A share's rules by their target, the first one of each: a list that many records are matched with is indexed once. */
function indexByTarget(rules: readonly AccessRule[]): ReadonlyMap<string, AccessRule> {
  let index = indexes.get(rules);
  if (!index) {
    index = new Map(rules.toReversed().map((rule) => [targetOf(rule.access_type, rule.access_to), rule]));
    indexes.set(rules, index);
  }
  return index;
}

function targetOf(type: string, accessTo: string): string {
  return `${type} ${canonicalTarget(type, accessTo)}`;
}

/** What a decision needs of a rule. */
export function toObservedRule(rule: AccessRule, isOurs: boolean, isShared: boolean): ObservedRule {
  return {
    id: rule.id,
    state: rule.state,
    level: rule.access_level === 'ro' ? 'ro' : 'rw',
    isOurs,
    isShared,
  };
}

/** The record with the observed ids and states of its rules, and the observed export locations. */
export function withObserved(record: Attachment, observed: Observed): Attachment {
  const targets = record.targets.map((target, i) => {
    const rule = observed.rules[i];
    return rule
      ? { ...target, ruleId: rule.id, isOwned: rule.isOurs, state: rule.state }
      : { ...target, ruleId: null, state: null };
  });
  const next = { ...record, targets };
  return observed.locations ? withExports(next, observed.locations) : next;
}
