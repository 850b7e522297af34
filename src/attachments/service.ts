/** What transports and resolvers call: attach, detach, reads and events. */
import type { Session } from '../openstack/session.ts';
import { attach } from './attach.ts';
import {
  type AccessLevel,
  type Attachment,
  type AttachmentEvent,
  type AttachmentView,
  type AttachVia,
  attachmentId,
} from './attachment.ts';
import { type PairOutcome, workOnPairs } from './bulk.ts';
import { type AttachOption, check } from './check.ts';
import type { CommandOptions } from './command.ts';
import { detach } from './detach.ts';
import { openEventStream } from './events.ts';
import type { GuestDocument } from './guest/document.ts';
import { createGuestDocument } from './guest/read-document.ts';
import { createHistoryReader, type ReadHistory } from './history.ts';
import {
  listForServersOf,
  listForSharesOf,
  projectOfServer,
  type ReadIn,
  type ServerRef,
  type ShareRef,
} from './other-projects.ts';
import { isVisible } from './pending.ts';
import { ensureReadable } from './read-access.ts';
import { sharedReads } from './reads.ts';
import { resumeOnRead } from './reconcile/sessions.ts';
import { createRecovery } from './recovery.ts';
import { createShares, type Shares } from './shares/service.ts';
import type { AttachmentPage, ListOptions } from './store/contract.ts';
import { type UpdateAttachmentRequest, update } from './update.ts';
import { changedInNova, withNova } from './virtiofs/list.ts';
import { type PowerRequest, type PowerResult, powerServer } from './virtiofs/power.ts';

/** The arguments of `attachShare`. */
export interface AttachRequest {
  serverId: string;
  shareId: string;
  mountPoint: string | null;
  accessLevel: AccessLevel;
  accessTo: readonly string[] | null;
  /** Left out: `access_rule`. */
  via?: AttachVia;
  /** With `virtiofs`; left out or null: the share's id, as Nova's own default. */
  tag?: string | null;
  /** Locks on the access rules (Manila 2.82); left out: none. */
  isProtected?: boolean;
  isHidden?: boolean;
  /** Writes the mount into the server's metadata, which its guest reads; left out: no. */
  tellGuest?: boolean;
}

/** The arguments of `detachShare`. */
export interface DetachRequest {
  serverId: string;
  shareId: string;
  mountPoint: string | null;
  /** How long the rules stay for the guest to unmount, in seconds; default 0. */
  unmountGraceSeconds?: number;
}

/** Which events a subscriber receives. */
export interface EventFilter {
  serverId: string | null;
  shareId: string | null;
  /** A cursor; null: events from now on. */
  after: string | null;
}

/**
 * The attachments of this gateway. Every method acts with the session's token, in its project unless it says otherwise, throws GatewayError
 * or OpenStackError, and first recovers the project's records from Manila where the store does not have them.
 */
export interface Attachments {
  attach(session: Session, request: AttachRequest): Promise<AttachmentView>;
  detach(session: Session, request: DetachRequest): Promise<AttachmentView>;
  /** Attaches many pairs: one outcome each, in their order. Servers, shares and rules are read once for all of them. */
  attachMany(session: Session, requests: readonly AttachRequest[]): Promise<PairOutcome[]>;
  /** Detaches many pairs: one outcome each, in their order. */
  detachMany(session: Session, requests: readonly DetachRequest[]): Promise<PairOutcome[]>;
  /** Changes the access level or the mount point of an attachment that is attached. */
  update(session: Session, request: UpdateAttachmentRequest): Promise<AttachmentView>;
  /** Which ways to attach are open, access rules first. Changes nothing. */
  check(session: Session, request: AttachRequest): Promise<AttachOption[]>;
  /** Starts, stops or reboots a server; a start is rejected while Nova attaches or detaches a share of the server. */
  power(session: Session, request: PowerRequest): Promise<PowerResult>;
  /** One server's attachments, oldest first, and those that Nova made at others' requests. Asks Nova. */
  listWithNova(session: Session, server: ServerRef): Promise<AttachmentView[]>;
  /** Of the session's project; of the server's, where the session sees all projects. Also with a `serverId` in `list`. */
  get(session: Session, serverId: string, shareId: string): Promise<Attachment | null>;
  list(session: Session, options: ListOptions): Promise<AttachmentPage>;
  /** One list for each server, in the order of the ids: complete, or the `first` oldest. */
  listForServers(session: Session, serverIds: readonly string[], first?: number): Promise<Attachment[][]>;
  /** One list for each share, like listForServers. */
  listForShares(session: Session, shareIds: readonly string[], first?: number): Promise<Attachment[][]>;
  /** The same for servers of any project that Nova showed this session: the caller has read them with its token. */
  listForServersOf(session: Session, servers: readonly ServerRef[], first?: number): Promise<Attachment[][]>;
  /**
   * The same for shares of other projects, and public ones, that Manila showed this session: the attachments of its
   * project, and of every project where Nova lets it see all.
   */
  listForSharesOf(session: Session, shares: readonly ShareRef[], first?: number): Promise<Attachment[][]>;
  /**
   * What a server's guest is to mount, from the store alone, and records that the guest has read it. Null while the project's
   * records, or the export locations of one that is attached, are not known: the guest must then change nothing.
   * @param session the token of Nova's own user
   */
  guestDocument(session: Session, server: { projectId: string; serverId: string }): Promise<GuestDocument | null>;
  /** When the servers' guests last read their lists, ISO 8601, in the order of the ids; null: not within a week. */
  guestsSeenAt(projectId: string, serverIds: readonly string[]): Promise<(string | null)[]>;
  /** The reader of the project's history for one request, from the store alone; with a server, of the server's project. */
  historyReader(session: Session): ReadHistory;
  /**
   * The project's events, live once this resolves; ends when its consumer returns it. Rejects with CURSOR_EXPIRED or
   * BAD_USER_INPUT for a cursor from which it cannot continue; the iterator throws LIMIT_EXCEEDED when its consumer is
   * too slow.
   */
  subscribe(session: Session, filter: EventFilter): Promise<AsyncIterableIterator<AttachmentEvent>>;
  /** Creating, resizing and deleting shares. */
  readonly shares: Shares;
}

/** Creates the service over a store, a session registry and a queue. */
export function createAttachments(options: CommandOptions): Attachments {
  const { store, log, account } = options;
  const ensureRecovered = createRecovery(store, log, account ?? null);
  // the marker and the records come in one round trip; the records are read again only after a recovery
  const readIn =
    (session: Session): ReadIn =>
    async (projectId, read) => {
      session.onRead?.();
      const [isRecovered, result] = await Promise.all([store.isRecovered(projectId), read()]);
      if (isRecovered) return result;
      await ensureRecovered(session, projectId);
      return await read();
    };
  const readOwn = async <T>(session: Session, read: () => Promise<T>): Promise<T> => {
    const [result] = await Promise.all([readIn(session)(session.identity.projectId, read), ensureReadable(session)]);
    return result;
  };

  /** The lists that clients see; their attachments' work continues. */
  const resumed = (session: Session, lists: Attachment[][]): Attachment[][] => {
    resumeOnRead(options, session, lists.flat());
    return lists.map((list) => list.filter(isVisible));
  };

  return {
    async attach(session, request) {
      // before any upstream call: a store that is down rejects the request here
      await ensureRecovered(session, session.identity.projectId);
      return await attach(options, ensureRecovered, session, request);
    },
    async detach(session, request) {
      await ensureReadable(session);
      await ensureRecovered(session, session.identity.projectId);
      return await detach(options, ensureRecovered, session, request);
    },
    async attachMany(session, requests) {
      await ensureRecovered(session, session.identity.projectId);
      const ids = { servers: requests.map((one) => one.serverId), shares: requests.map((one) => one.shareId) };
      const reads = sharedReads(session, ids.servers, ids.shares);
      return await workOnPairs(options, session, requests, (held, request) =>
        attach(held, ensureRecovered, session, request, reads),
      );
    },
    async detachMany(session, requests) {
      await ensureReadable(session);
      await ensureRecovered(session, session.identity.projectId);
      return await workOnPairs(options, session, requests, (held, request) =>
        detach(held, ensureRecovered, session, request),
      );
    },
    async update(session, request) {
      await ensureRecovered(session, session.identity.projectId);
      return await update(options, ensureRecovered, session, request);
    },
    async check(session, request) {
      await ensureRecovered(session, session.identity.projectId);
      return await check(store, ensureRecovered, session, request);
    },
    async power(session, request) {
      return await powerServer(options, session, request);
    },
    async listWithNova(session, server) {
      const [records = []] = await this.listForServersOf(session, [server]);
      const shown = await withNova(session, server, records);
      resumeOnRead(options, session, changedInNova(records, shown));
      return shown;
    },
    async get(session, serverId, shareId) {
      const id = attachmentId(serverId, shareId);
      const own = session.identity.projectId;
      const ofOwn = await readOwn(session, () => store.get(own, id));
      const projectId = ofOwn ? own : await projectOfServer(store, session, serverId);
      const record = projectId === own ? ofOwn : await readIn(session)(projectId, () => store.get(projectId, id));
      if (record) resumeOnRead(options, session, [record]);
      return record && isVisible(record) ? record : null;
    },
    async list(session, listOptions) {
      await ensureReadable(session);
      const { serverId } = listOptions;
      const projectId = serverId ? await projectOfServer(store, session, serverId) : session.identity.projectId;
      const page = await readIn(session)(projectId, () => store.list(projectId, listOptions));
      resumeOnRead(
        options,
        session,
        page.items.map((item) => item.attachment),
      );
      const items = page.items.filter(({ attachment }) => isVisible(attachment));
      const endPosition = page.endPosition ?? page.items.at(-1)?.position;
      // the next page begins after what is hidden too
      return { ...page, items, ...(endPosition !== undefined && { endPosition }) };
    },
    async listForServers(session, serverIds, first) {
      const { projectId } = session.identity;
      const lists = await readOwn(session, () => store.listForServers(projectId, serverIds, first));
      return resumed(session, lists);
    },
    async listForShares(session, shareIds, first) {
      const { projectId } = session.identity;
      const lists = await readOwn(session, () => store.listForShares(projectId, shareIds, first));
      return resumed(session, lists);
    },
    async listForServersOf(session, servers, first) {
      return resumed(session, await listForServersOf(store, readIn(session), servers, first));
    },
    async listForSharesOf(session, shares, first) {
      await ensureReadable(session);
      return resumed(session, await listForSharesOf(store, readIn(session), session, shares, first));
    },
    guestDocument: createGuestDocument(options, ensureRecovered),
    guestsSeenAt: (projectId, serverIds) => store.guestsSeenAt(projectId, serverIds),
    historyReader(session) {
      const readers = new Map<string, ReadHistory>();
      return async (historyOptions) => {
        await ensureReadable(session);
        const { serverId, projectId: given } = historyOptions;
        const projectId =
          given ?? (serverId ? await projectOfServer(store, session, serverId) : session.identity.projectId);
        const read = readers.get(projectId) ?? createHistoryReader(store, projectId);
        readers.set(projectId, read);
        return await read(historyOptions);
      };
    },
    shares: createShares({
      ...options,
      ensureRecovered,
      detach: (session, request) => detach(options, ensureRecovered, session, request),
    }),
    async subscribe(session, filter) {
      await ensureReadable(session);
      await ensureRecovered(session, session.identity.projectId);
      const { serverId } = filter;
      const projectId = serverId ? await projectOfServer(store, session, serverId) : session.identity.projectId;
      await ensureRecovered(session, projectId);
      return await openEventStream(store, projectId, filter);
    },
  };
}
