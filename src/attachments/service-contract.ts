import type { Session } from '../openstack/session.ts';
import type { AccessLevel, Attachment, AttachmentEvent, AttachmentView } from './attachment.ts';
import type { AttachmentPage, ListOptions } from './store/contract.ts';

/** What `attachShare` asks for. */
export interface AttachRequest {
  serverId: string;
  shareId: string;
  mountPoint: string | null;
  accessLevel: AccessLevel;
  accessTo: readonly string[] | null;
}

/** What `detachShare` asks for. */
export interface DetachRequest {
  serverId: string;
  shareId: string;
  mountPoint: string | null;
}

/** Which events a listener wants. */
export interface EventFilter {
  serverId: string | null;
  shareId: string | null;
  /** A cursor; null: from now on. */
  after: string | null;
}

/**
 * What resolvers call. Every method acts with the session's token and in its project, throws GatewayError or
 * OpenStackError, and rebuilds the project's records from Manila first where the store does not know them.
 */
export interface Attachments {
  attach(session: Session, request: AttachRequest): Promise<AttachmentView>;
  detach(session: Session, request: DetachRequest): Promise<AttachmentView>;
  get(session: Session, serverId: string, shareId: string): Promise<Attachment | null>;
  list(session: Session, options: ListOptions): Promise<AttachmentPage>;
  /** One list a server, in the order asked. */
  listForServers(session: Session, serverIds: readonly string[]): Promise<Attachment[][]>;
  /** One list a share, in the order asked. */
  listForShares(session: Session, shareIds: readonly string[]): Promise<Attachment[][]>;
  /**
   * The project's events, live once this resolves; ends when its consumer returns it. Rejects with CURSOR_EXPIRED or
   * BAD_USER_INPUT for a cursor it cannot go on from; the iterator throws LIMIT_EXCEEDED when its consumer is too slow.
   */
  subscribe(session: Session, filter: EventFilter): Promise<AsyncIterableIterator<AttachmentEvent>>;
}
