import { once } from 'node:events';
import type { Socket } from 'node:net';
import { type ClientOptions, WebSocket } from 'ws';

export interface Message {
  type: string;
  id?: string;
  // biome-ignore lint/suspicious/noExplicitAny: a payload has the shape of its operation
  payload?: any;
}

export interface Closed {
  code: number;
  reason: string;
}

/** A graphql-transport-ws client that waits for messages, never for time, and sends any message, also an invalid one. */
export interface WsClient {
  readonly socket: WebSocket;
  /** Sends a message as JSON, a string or bytes as they are. */
  send(message: object | string | Buffer): void;
  /** The next unread message; rejects when the socket closes before there is one. */
  next(): Promise<Message>;
  /** The next unread message of this type and operation; other messages stay unread. */
  nextOf(type: string, id?: string): Promise<Message>;
  /** Received messages that were not read yet. */
  readonly unread: readonly Message[];
  /** The `data` of the operation's next result; rejects when it has none. */
  // biome-ignore lint/suspicious/noExplicitAny: data has the shape of its operation
  nextData(id: string): Promise<any>;
  /** `connection_init` with these params, and waits for the `connection_ack`. */
  init(params?: object): Promise<Message>;
  subscribe(id: string, query: string, variables?: object): void;
  /** A round trip: the server has read all that was sent before. */
  ping(): Promise<Message>;
  waitForClose(): Promise<Closed>;
  /** Closes, and waits until it is closed. */
  close(): Promise<Closed>;
  /** Stops reading from the connection, as a client that hangs. */
  stall(): void;
  /** Reads again. */
  resume(): void;
}

/** An upgrade with another status than 101. */
export class UpgradeError extends Error {
  constructor(
    readonly status: number,
    readonly body: string,
  ) {
    super(`upgrade failed: ${status} ${body}`);
  }
}

export interface WsClientOptions extends Omit<ClientOptions, 'protocol'> {
  /** null: without a subprotocol. */
  protocol?: string | string[] | null;
}

/** Opens a socket and initialises it with these params: ready for operations. */
export async function connect(url: string, params: object, options: WsClientOptions = {}): Promise<WsClient> {
  const client = await connectWs(url, options);
  await client.init(params);
  return client;
}

/** Opens a socket; rejects with UpgradeError when the server responds with another status than 101. */
export async function connectWs(url: string, { protocol = 'graphql-transport-ws', ...options }: WsClientOptions = {}) {
  const socket = new WebSocket(url, protocol === null ? [] : protocol, options);
  const client = wrap(socket);
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
    socket.once('unexpected-response', (_request, response) => {
      let body = '';
      response.on('data', (chunk) => {
        body += String(chunk);
      });
      response.on('end', () => reject(new UpgradeError(response.statusCode ?? 0, body)));
    });
  });
  return client;
}

function wrap(socket: WebSocket): WsClient {
  const unread: Message[] = [];
  let closed: Closed | null = null;
  let check = () => {};
  socket.on('message', (data) => {
    unread.push(JSON.parse(String(data)) as Message);
    check();
  });
  socket.on('close', (code, reason) => {
    closed = { code, reason: String(reason) };
    check();
  });
  socket.on('error', () => {});

  const take = (matches: (message: Message) => boolean) =>
    new Promise<Message>((resolve, reject) => {
      check = () => {
        const at = unread.findIndex(matches);
        if (at >= 0) resolve(unread.splice(at, 1)[0] as Message);
        else if (closed)
          reject(new Error(`socket closed with ${closed.code} ${closed.reason}, no such message was received`));
        else return;
        check = () => {};
      };
      check();
    });

  const client: WsClient = {
    socket,
    unread,
    send: (message) =>
      socket.send(typeof message === 'string' || Buffer.isBuffer(message) ? message : JSON.stringify(message)),
    next: () => take(() => true),
    nextOf: (type, id) => take((message) => message.type === type && (id === undefined || message.id === id)),
    async nextData(id) {
      const message = await take((one) => one.id === id);
      if (message.type !== 'next' || !message.payload.data) throw new Error(`no data: ${JSON.stringify(message)}`);
      return message.payload.data;
    },
    init(payload) {
      client.send({ type: 'connection_init', ...(payload !== undefined && { payload }) });
      return client.nextOf('connection_ack');
    },
    subscribe: (id, query, variables) =>
      client.send({ id, type: 'subscribe', payload: { query, ...(variables && { variables }) } }),
    ping() {
      client.send({ type: 'ping' });
      return client.nextOf('pong');
    },
    async waitForClose() {
      if (!closed) await once(socket, 'close');
      return closed as unknown as Closed;
    },
    close() {
      socket.close();
      return client.waitForClose();
    },
    stall: () => connectionOf(socket).pause(),
    resume: () => connectionOf(socket).resume(),
  };
  return client;
}

/** ws has no API for its connection, on which a client that hangs can be simulated. */
function connectionOf(socket: WebSocket): Socket {
  return (socket as unknown as { _socket: Socket })._socket;
}
