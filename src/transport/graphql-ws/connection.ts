import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setImmediate as nextTick } from 'node:timers/promises';
import * as ws from 'ws';

/** Why a socket is closed. The graphql-ws client reconnects by itself after 1012, 1013 and 4403, never after 4401. */
export const CLOSE = {
  GONE: 1001,
  /** This process stops. */
  RESTART: 1012,
  /** The client reads too slowly, or Keystone is away: the same request may work later. */
  TRY_AGAIN: 1013,
  /** No token, or one that is unknown to Keystone: the same request cannot work. */
  UNAUTHENTICATED: 4401,
  /** The token expired or was revoked: reconnect with a new one. */
  TOKEN_ENDED: 4403,
  INTERNAL: 4500,
} as const;

export const TOO_SLOW = 'Too slow: resume from your last cursor';

/** Closes the socket whose code throws it. */
export class SocketClose extends Error {
  constructor(
    readonly closeCode: number,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(reason, options);
    this.name = 'SocketClose';
  }
}

/** One open socket, and what is buffered for its client. */
export interface Connection {
  /** The request id of the upgrade. */
  readonly id: string;
  readonly socket: ws.WebSocket;
  /** The stream below the socket. */
  readonly stream: Duplex;
  /** Whether the client has answered the last ping. */
  isAlive: boolean;
  /** Why this process closes the socket, for metrics: the code, `too_slow` or `stalled`; null while it is open. */
  closeReason: string | null;
  /** Bytes that the client had read by the last ping. */
  readBytes: number;
  /** Buffered bytes of results of queries and mutations: they may be large, and each was requested. */
  resultBytes: number;
  /** The first characters of the messages that carry results and are about to be sent. */
  readonly results: Set<string>;
}

export function openConnection(id: string, socket: ws.WebSocket, stream: Duplex): Connection {
  return { id, socket, stream, isAlive: true, closeReason: null, readBytes: 0, resultBytes: 0, results: new Set() };
}

/** Closes a socket with a code and a reason of at most 123 bytes (RFC 6455, 5.5). */
export function closeConnection(connection: Connection, code: number, reason: string): void {
  const { socket } = connection;
  connection.closeReason ??= reason === TOO_SLOW ? 'too_slow' : String(code);
  socket.close(code, reason.length < 100 ? reason : `${reason.slice(0, 99)}…`);
}

/** Announces that the next message of this operation is the result of a query or mutation: the limit does not apply to it. */
export function expectResult(connection: Connection, id: string): void {
  connection.results.add(resultPrefix(id));
}

/**
 * Sends without waiting for the client. When more than `limit` bytes would be buffered, the socket is closed with 1013, so
 * that a slow client cannot make memory grow. Resolves in the next tick, so that a fast source does not block others.
 * Throws a SocketClose when the socket is closing, so that sources end.
 */
export async function send(connection: Connection, data: string, limit: number): Promise<void> {
  const bytes = Buffer.byteLength(data);
  const isResult = takeResult(connection, data);
  checkRoom(connection, bytes, isResult ? Number.POSITIVE_INFINITY : limit);
  if (isResult) {
    connection.resultBytes += bytes;
    connection.socket.send(data, () => {
      connection.resultBytes -= bytes;
    });
  } else {
    connection.socket.send(data);
  }
  await nextTick();
}

/** A message as frames for `sendFrame`: made once for all sockets that it is sent to. */
export function textFrame(text: string): Buffer {
  return Buffer.concat(frame(Buffer.from(text), { fin: true, opcode: TEXT }));
}

/** The opcode of a text message (RFC 6455, 5.2). */
const TEXT = 1;

/** ws frames what it sends, but its types leave the function out. */
const { frame } = (ws as unknown as { Sender: { frame(data: Buffer, options: object): Buffer[] } }).Sender;

/**
 * Sends a frame that many sockets get, without waiting: past ws, which would frame the message again for each. ws writes
 * whole frames too, so frames never interleave. The caller gives way to others.
 */
export function sendFrame(connection: Connection, bytes: Buffer, limit: number): void {
  checkRoom(connection, bytes.length, limit);
  connection.stream.write(bytes);
}

/** Everything buffered but results is events and protocol messages: the limit is for these. */
function checkRoom(connection: Connection, bytes: number, limit: number): void {
  const { socket, stream, resultBytes } = connection;
  if (socket.readyState !== socket.OPEN) throw new SocketClose(CLOSE.GONE, 'The socket is closing');
  if (stream.writableLength - resultBytes + bytes <= limit) return;
  closeConnection(connection, CLOSE.TRY_AGAIN, TOO_SLOW);
  throw new SocketClose(CLOSE.TRY_AGAIN, TOO_SLOW);
}

/**
 * Whether the client has read nothing since the last call although something is buffered for it. Answering pings does not
 * show that: a client can send pongs without reading.
 */
export function isStalled(connection: Connection): boolean {
  const { stream, readBytes } = connection;
  const buffered = stream.writableLength;
  connection.readBytes = ((stream as Socket).bytesWritten ?? 0) - buffered;
  return buffered > 0 && connection.readBytes === readBytes;
}

function takeResult({ results }: Connection, data: string): boolean {
  for (const start of results) if (data.startsWith(start)) return results.delete(start);
  return false;
}

/** How graphql-ws begins a message with a result: id, type, payload, in this order. */
export function resultPrefix(id: string): string {
  return `${JSON.stringify({ id, type: 'next' }).slice(0, -1)},`;
}
