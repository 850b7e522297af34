import type { Duplex } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import type { WebSocket } from 'ws';

/** Why a socket is closed. The graphql-ws client comes back by itself after 1012, 1013 and 4403, never after 4401. */
export const CLOSE = {
  GONE: 1001,
  /** This process stops. */
  RESTART: 1012,
  /** Too slow, or Keystone is away: the same again later may work. */
  TRY_AGAIN: 1013,
  /** No token, or one that Keystone does not know: the same again cannot work. */
  UNAUTHENTICATED: 4401,
  /** The token ended: come back with a new one. */
  TOKEN_ENDED: 4403,
  INTERNAL: 4500,
} as const;

export const TOO_SLOW = 'Too slow: resume from your last cursor';

/** Ends the socket on whose behalf it is thrown. */
export class SocketClose extends Error {
  constructor(
    readonly closeCode: number,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(reason, options);
    this.name = 'SocketRefusal';
  }
}

/** One open socket, and what waits in it for its client. */
export interface Connection {
  readonly socket: WebSocket;
  /** What the socket writes to. */
  readonly stream: Duplex;
  /** Whether it answered since the last ping. */
  isAlive: boolean;
  /** Bytes of answers to queries and mutations that the client has not taken yet: those may be large, and are asked for one by one. */
  resultBytes: number;
  /** How the frames begin that carry an answer, while they are about to be sent. */
  readonly results: Set<string>;
}

export function openConnection(socket: WebSocket, stream: Duplex): Connection {
  return { socket, stream, isAlive: true, resultBytes: 0, results: new Set() };
}

/** Ends a socket with a code and a reason of at most 123 bytes (RFC 6455, 5.5). */
export function closeConnection({ socket }: Connection, code: number, reason: string): void {
  socket.close(code, reason.length < 100 ? reason : `${reason.slice(0, 99)}…`);
}

/** The next frame that begins like this answers a query or a mutation: it may be larger than what may wait. */
export function expectResult(connection: Connection, id: string): void {
  connection.results.add(resultPrefix(id));
}

/**
 * Sends without waiting for the client: past the limit of what it has not taken yet the socket is closed with 1013, so that
 * nothing grows behind a slow listener. Resolves after one turn of the event loop, so that a source with much to tell
 * leaves room for others. Throws a SocketRefusal once the socket is closing, so that sources end.
 */
export async function send(connection: Connection, data: string, limit: number): Promise<void> {
  const bytes = Buffer.byteLength(data);
  const isAnswer = takeResult(connection, data);
  checkRoom(connection, bytes, isAnswer ? Number.POSITIVE_INFINITY : limit);
  if (isAnswer) {
    connection.resultBytes += bytes;
    connection.socket.send(data, () => {
      connection.resultBytes -= bytes;
    });
  } else {
    connection.socket.send(data);
  }
  await turn();
}

/**
 * The same for an event that goes to many as one frame: past ws, which would make it again for each. ws writes whole
 * frames too, so none gets into another. Who sends many leaves room for others.
 */
export function sendFrame(connection: Connection, frame: Buffer, limit: number): void {
  checkRoom(connection, frame.length, limit);
  connection.stream.write(frame);
}

/** What waits in the stream beside answers are events and protocol messages. */
function checkRoom(connection: Connection, bytes: number, limit: number): void {
  const { socket, stream, resultBytes } = connection;
  if (socket.readyState !== socket.OPEN) throw new SocketClose(CLOSE.GONE, 'The socket is closing');
  if (stream.writableLength - resultBytes + bytes <= limit) return;
  closeConnection(connection, CLOSE.TRY_AGAIN, TOO_SLOW);
  throw new SocketClose(CLOSE.TRY_AGAIN, TOO_SLOW);
}

function takeResult({ results }: Connection, data: string): boolean {
  for (const start of results) if (data.startsWith(start)) return results.delete(start);
  return false;
}

/** How the frame with a result begins, as graphql-ws writes it: id, type, payload, in this order. */
export function resultPrefix(id: string): string {
  return `${JSON.stringify({ id, type: 'next' }).slice(0, -1)},`;
}
