/**
 * Reads the access rules of shares for all reconciles: what is observed is a share, not an attachment. One list serves all
 * attachments that wait for the same share, and after a burst a share is listed twice a second at most.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { abortable } from '../deadline.ts';
import type { Cloud } from '../openstack/cloud.ts';
import { OpenStackError } from '../openstack/errors.ts';
import { flightKeyOf } from '../openstack/http/single-flight.ts';
import { listAccessRules } from '../openstack/manila/client.ts';
import type { AccessRule } from '../openstack/manila/types.ts';
import { type Session, signalOf } from '../openstack/session.ts';

/** How often a share is listed while many wait for it, per second. */
const LISTS_PER_SECOND = 2;
/** How many lists of a share may follow each other without a pause: one attach or detach takes fewer. */
const BURST = 10;
/** How many shares are tracked, and for how long after the last list, in ms: by then the burst is full again. */
const TRACKED = { max: 10_000, ttl: (BURST * 1000) / LISTS_PER_SECOND };

type Rules = readonly AccessRule[] | null;

/** The lists of one share for sessions that see the same. */
interface ShareLists {
  /** Number of lists that may start now. A token bucket: it refills at LISTS_PER_SECOND up to BURST. */
  allowance: number;
  /** When the allowance was counted, on the monotonic clock. */
  countedAt: number;
  /** Settles when the list under way has ended. */
  running: Promise<unknown>;
  /** The next list, which has not started; and whose token it takes. */
  next: { readonly token: string; readonly rules: Promise<Rules> } | null;
}

const listsByCloud = new WeakMap<Cloud, LRUCache<string, ShareLists>>();

/**
 * The access rules of a share, from a list that starts after this call: it shows every change that was completed before.
 * Null when the share does not exist for this token. Rejects with an OpenStackError; a `timeout` when the session's signal
 * aborts first, as the clients do.
 */
export async function readRules(session: Session, shareId: string): Promise<Rules> {
  for (;;) {
    const share = listsOf(session, shareId);
    share.next ??= { token: session.token, rules: listNext(share, session, shareId) };
    const { token, rules } = share.next;
    const signal = signalOf(session);
    try {
      return await (signal ? abortable(rules, signal) : rules);
    } catch (error) {
      if (signal?.aborted) throw error instanceof OpenStackError ? error : listTimeout(error);
      // the token of the session that listed for all has expired: this one lists with its own
      const isOthersToken = token !== session.token && error instanceof OpenStackError && error.status === 401;
      if (!isOthersToken) throw error;
    }
  }
}

/** In how many ms the next list of a share may start; 0: now. Work that has to wait anyway comes back then. */
export function untilNextList(session: Session, shareId: string): number {
  const { allowance } = counted(listsOf(session, shareId));
  return allowance >= 1 ? 0 : ((1 - allowance) * 1000) / LISTS_PER_SECOND;
}

async function listNext(share: ShareLists, session: Session, shareId: string): Promise<Rules> {
  await share.running;
  const waitMs = untilNextList(session, shareId);
  if (waitMs > 0) await sleep(waitMs, undefined, { ref: false });
  // who asks from now on may have made a change that this list does not show
  share.next = null;
  share.allowance -= 1;
  // the list serves others too: it does not end when the request of this session does
  const rules = listAccessRules({ ...session, signal: undefined }, shareId);
  share.running = rules.catch(() => {});
  return await rules;
}

function listTimeout(cause: unknown): OpenStackError {
  const message = 'Manila did not answer GET /share-access-rules in time';
  return new OpenStackError(message, { service: 'manila', kind: 'timeout' }, { cause });
}

function counted(share: ShareLists): ShareLists {
  const now = performance.now();
  share.allowance = Math.min(BURST, share.allowance + ((now - share.countedAt) * LISTS_PER_SECOND) / 1000);
  share.countedAt = now;
  return share;
}

function listsOf(session: Session, shareId: string): ShareLists {
  const lists = listsByCloud.get(session.cloud) ?? new LRUCache<string, ShareLists>(TRACKED);
  listsByCloud.set(session.cloud, lists);
  const { visibilityKey, rights } = flightKeyOf(session);
  const key = `${visibilityKey} ${rights} ${shareId}`;
  const share = lists.get(key) ?? {
    allowance: BURST,
    countedAt: performance.now(),
    running: Promise.resolve(),
    next: null,
  };
  lists.set(key, share);
  return share;
}
