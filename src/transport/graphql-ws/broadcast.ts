/** How an event is told to many sockets. */
import { setImmediate as turn } from 'node:timers/promises';
import type { ExecutionResult } from 'graphql';
import type { AttachmentEvent } from '../../attachments/attachment.ts';
import { compareCursors } from '../../attachments/store/order.ts';
import type { Executor, Operation } from '../../graphql/execution/execute.ts';
import type { PreparedOperation } from '../../graphql/execution/jit/compile.ts';
import type { Session } from '../../openstack/session.ts';
import { type Connection, resultPrefix, sendFrame } from './connection.ts';
import { textFrame } from './frame.ts';

/** How many sockets are written to before the event loop turns. */
const SOCKETS_PER_TICK = 256;

/** A subscription on a socket. */
export interface Listener extends Operation {
  readonly connection: Connection;
  readonly id: string;
  readonly session: Session;
  readonly prepared: PreparedOperation;
}

/** The same with the log of its operation: as long as it only listens it has none of its own, since a pino child is large. */
export function withLog<T extends Pick<Listener, 'log' | 'requestId' | 'session'>>(listener: T): T {
  const { requestId, session } = listener;
  const { userId, projectId } = session.identity;
  const log = listener.log.child({ requestId, userId, projectId });
  return { ...listener, log, session: { ...session, log } };
}

/** A listener that is told by its group. */
export interface Member {
  readonly listener: Listener;
  /** It has had the events up to here; null once the group is past that. */
  after: string | null;
  end: () => void;
  fail: (error: unknown) => void;
}

export interface BroadcastOptions {
  readonly executor: Executor;
  /** The context of one event. */
  readonly contextOf: (session: Session) => unknown;
  /** How many bytes may wait for a client. */
  readonly limit: number;
}

/** Makes what tells an event to all members of a group, who are to be told the same. */
export function createBroadcast({ executor, contextOf, limit }: BroadcastOptions) {
  let sockets = 0;
  // One group after the other: side by side they would keep the event loop as long as one large group.
  let writing: Promise<void> = Promise.resolve();

  return async function tell(members: Set<Member>, event: AttachmentEvent): Promise<void> {
    const payload = members.size > 1 ? await payloadForAll(members, event) : null;
    if (payload === null) {
      await Promise.all([...members].map((member) => tellAlone(members, member, event)));
    } else {
      const written = writing.then(() => writeAll(members, event.cursor, `${payload}}`));
      writing = written.catch(() => undefined);
      await written;
    }
    await turn();
  };

  /** Null when one execution cannot be everybody's: then each is answered by itself, with its own request id. */
  async function payloadForAll(members: Set<Member>, event: AttachmentEvent): Promise<string | null> {
    const [member] = members;
    if (!member) return null;
    const listener = withLog(member.listener);
    const { needsToken } = executor.eventSharing(listener.prepared.document, listener.prepared.operation);
    // Where none is needed none is there, so that nobody is ever told what was read with another's token.
    const context = needsToken ? contextOf(listener.session) : null;
    const result = await executor.executeShared(listener, listener.prepared, context, event);
    return result && payloadOf(result);
  }

  async function tellAlone(members: Set<Member>, member: Member, event: AttachmentEvent): Promise<void> {
    if (!isAfter(member, event.cursor)) return;
    const listener = withLog(member.listener);
    const result = await executor.executeSubscriptionEvent(
      listener,
      listener.prepared,
      contextOf(listener.session),
      event,
    );
    if (members.has(member)) write(member, textFrame(`${prefixOf(member)}${payloadOf(result)}}`));
  }

  /** To each member that is there when its turn comes. Clients that count their ids share a frame. */
  async function writeAll(members: Set<Member>, cursor: string, ending: string): Promise<void> {
    let lastId: string | null = null;
    let frame: Buffer = Buffer.alloc(0);
    for (const member of members) {
      if (!isAfter(member, cursor)) continue;
      if (member.listener.id !== lastId) {
        lastId = member.listener.id;
        frame = textFrame(prefixOf(member) + ending);
      }
      write(member, frame);
      sockets++;
      if (sockets % SOCKETS_PER_TICK === 0) await turn();
    }
  }

  /** Who is too slow, or gone, is so alone. */
  function write(member: Member, frame: Buffer): void {
    try {
      sendFrame(member.listener.connection, frame, limit);
    } catch (error) {
      member.fail(error);
    }
  }
}

function isAfter(member: Member, cursor: string): boolean {
  if (member.after === null) return true;
  if (compareCursors(cursor, member.after) <= 0) return false;
  member.after = null;
  return true;
}

const prefixOf = ({ listener }: Member) => `${resultPrefix(listener.id)}"payload":`;

/** A result as graphql-ws writes it: errors last. */
function payloadOf({ errors, ...result }: ExecutionResult): string {
  return JSON.stringify({ ...result, ...(errors && { errors: errors.map((error) => error.toJSON()) }) });
}
