/** Answers what a server's guest is to mount: from the store alone, and never a list that may be incomplete. */
import { LRUCache } from 'lru-cache';
import { listAccessRules } from '../../openstack/manila/client.ts';
import type { Session } from '../../openstack/session.ts';
import type { Attachment } from '../attachment.ts';
import type { CommandOptions, EnsureRecovered } from '../command.ts';
import { isVisible } from '../pending.ts';
import { type GuestDocument, guestDocument } from './document.ts';
import { lacksExports } from './exported-as.ts';

/** At most one write for each server in this time, in ms. */
const SEEN_INTERVAL_MS = 60_000;
/** Servers whose last write this process remembers. */
const MAX_SERVERS = 100_000;

/** Returns the service's `guestDocument` method. */
export function createGuestDocument(options: CommandOptions, ensureRecovered: EnsureRecovered) {
  const { store, log, account, guestSecrets } = options;
  // made with its first entry: a cache of this size takes 10 ms and some megabytes, and most gateways have no guests
  let lastSeen: LRUCache<string, string> | null = null;

  /** Recovers the project with the gateway's own account, else with Nova's token where it sees the project. */
  async function recover(session: Session, projectId: string): Promise<void> {
    try {
      const own = account ? await account.session(session.requestId) : session;
      await ensureRecovered(own, projectId);
    } catch (error) {
      log.warn({ err: error, projectId }, 'vendor data: the project cannot be recovered');
    }
  }

  /** Writes at most once in SEEN_INTERVAL_MS, but always for a detach that waits for the guest to have read its list. */
  async function markSeen(projectId: string, serverId: string, records: readonly Attachment[]): Promise<void> {
    const key = `${projectId} ${serverId}`;
    lastSeen ??= new LRUCache({ max: MAX_SERVERS, ttl: SEEN_INTERVAL_MS });
    const last = lastSeen.get(key);
    const isAwaited = records.some(({ graceUntil, statusSince }) => graceUntil && last && statusSince >= last);
    if (last && !isAwaited) return;
    const now = new Date().toISOString();
    lastSeen.set(key, now);
    await store.markGuestSeen(projectId, serverId, now);
  }

  return async function documentFor(
    session: Session,
    { projectId, serverId }: { projectId: string; serverId: string },
  ): Promise<GuestDocument | null> {
    const [isRecovered, [stored = []]] = await Promise.all([
      store.isRecovered(projectId),
      store.listForServers(projectId, [serverId]),
    ]);
    const records = stored.filter(isVisible);
    if (!isRecovered) {
      const { signal: _signal, onRead: _onRead, ...durable } = session;
      void recover(durable, projectId);
      return null;
    }
    if (records.some(lacksExports)) return null;
    if (records.length > 0) await markSeen(projectId, serverId, records);
    return guestDocument(records, guestSecrets === 'inline' ? await keysOf(session, records) : new Map());
  };

  /** The CephX keys, which only the gateway's own account is shown; never stored. Those that cannot be read are left out. */
  async function keysOf(session: Session, records: readonly Attachment[]): Promise<Map<string, string>> {
    const keys = new Map<string, string>();
    const ceph = records.filter(({ accessType, status }) => accessType === 'cephx' && status === 'attached');
    if (!account || ceph.length === 0) return keys;
    const own = { ...(await account.session(session.requestId)), signal: session.signal };
    await Promise.all(
      ceph.map(async ({ shareId, targets }) => {
        const rules = (await listAccessRules(own, shareId)) ?? [];
        const key = rules.find(({ id }) => id === targets[0]?.ruleId)?.access_key;
        if (key && /^[\w+/=]+$/.test(key)) keys.set(shareId, key);
      }),
    );
    return keys;
  }
}
