/** How an event is broadcast to many sockets. */

import { setImmediate as nextTick } from 'node:timers/promises';
import type { ExecutionResult } from 'graphql';
import type { LogEvent } from '../../attachments/store/contract.ts';
import { compareCursors } from '../../attachments/store/order.ts';
import type { Executor, Operation } from '../../graphql/execution/execute.ts';
import type { PreparedOperation } from '../../graphql/execution/jit/compile.ts';
import type { Session } from '../../openstack/session.ts';
import { type Connection, resultPrefix, sendFrame, textFrame } from './connection.ts';

/** How many sockets are written to before other work gets the event loop. */
const SOCKETS_PER_TICK = 256;

/** A subscription on a socket. */
export interface Listener extends Operation {
  readonly connection: Connection;
  readonly id: string;
  readonly session: Session;
  readonly prepared: PreparedOperation;
}

/** The listener with the log of its operation. A waiting listener has no log of its own, since a pino child is large. */
export function withLog<T extends Pick<Listener, 'log' | 'requestId' | 'session'>>(listener: T): T {
  const { requestId, session } = listener;
  const { userId, projectId } = session.identity;
  const log = listener.log.child({ requestId, userId, projectId });
  return { ...listener, log, session: { ...session, log } };
}

/** A listener in a group. */
export interface Member {
  readonly listener: Listener;
  /** The last event that it has received by itself; null once the group is past that. */
  after: string | null;
  end: () => void;
  fail: (error: unknown) => void;
}

export interface BroadcastOptions {
  readonly executor: Executor;
  /** Creates the context of one event. */
  readonly contextOf: (session: Session) => unknown;
  /** Maximum number of bytes buffered for a client. */
  readonly limit: number;
  /** Called with the number of listeners that an event was sent to. */
  readonly onDelivered?: ((count: number) => void) | undefined;
}

/** Creates the function that sends an event to all members of a group, whose payloads are the same. */
export function createBroadcast({ executor, contextOf, limit, onDelivered = () => {} }: BroadcastOptions) {
  let sockets = 0;
  // One group after the other: concurrent groups would block the event loop as one large group does.
  let writing: Promise<void> = Promise.resolve();

  return async function broadcast(members: Set<Member>, event: LogEvent): Promise<void> {
    const payload = members.size > 1 ? await payloadForAll(members, event) : null;
    if (payload === null) {
      await Promise.all([...members].map((member) => sendAlone(members, member, event)));
    } else {
      const written = writing.then(() => writeAll(members, event.cursor, `${payload}}`));
      writing = written.catch(() => undefined);
      await written;
    }
    await nextTick();
  };

  /** Null when one execution cannot serve all: then each gets its own, with its own request id. */
  async function payloadForAll(members: Set<Member>, event: LogEvent): Promise<string | null> {
    const [member] = members;
    if (!member) return null;
    const listener = withLog(member.listener);
    const { needsToken } = executor.eventSharing(listener.prepared.document, listener.prepared.operation);
    // No context where none is needed: what one token reads never reaches another token's listener.
    const context = needsToken ? contextOf(listener.session) : null;
    const result = await executor.executeShared(listener, listener.prepared, context, event);
    return result && payloadOf(result);
  }

  async function sendAlone(members: Set<Member>, member: Member, event: LogEvent): Promise<void> {
    if (!isAfter(member, event.cursor)) return;
    const listener = withLog(member.listener);
    const result = await executor.executeSubscriptionEvent(
      listener,
      listener.prepared,
      contextOf(listener.session),
      event,
    );
    if (!members.has(member)) return;
    write(member, textFrame(`${prefixOf(member)}${payloadOf(result)}}`));
    onDelivered(1);
  }

  /** Writes to the members that are still there. Clients that number their operations alike share a frame. */
  async function writeAll(members: Set<Member>, cursor: string, ending: string): Promise<void> {
    let lastId: string | null = null;
    let frame: Buffer = Buffer.alloc(0);
    let delivered = 0;
    for (const member of members) {
      if (!isAfter(member, cursor)) continue;
      if (member.listener.id !== lastId) {
        lastId = member.listener.id;
        frame = textFrame(prefixOf(member) + ending);
      }
      write(member, frame);
      delivered++;
      sockets++;
      if (sockets % SOCKETS_PER_TICK === 0) await nextTick();
    }
    onDelivered(delivered);
  }

  /** A member that is too slow or gone fails without affecting the others. */
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

/** A result as graphql-ws serialises it: errors last. */
function payloadOf({ errors, ...result }: ExecutionResult): string {
  return JSON.stringify({ ...result, ...(errors && { errors: errors.map((error) => error.toJSON()) }) });
}
