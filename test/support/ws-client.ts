import { once } from 'node:events';
import type { Socket } from 'node:net';
import { type ClientOptions, WebSocket } from 'ws';

export interface Message {
  type: string;
  id?: string;
  // biome-ignore lint/suspicious/noExplicitAny: a payload has the shape that its operation asks for
  payload?: any;
}

export interface Closed {
  code: number;
  reason: string;
}

/** A graphql-transport-ws client that waits for messages, never for time, and sends what it is told to, also nonsense. */
export interface WsClient {
  readonly socket: WebSocket;
  /** Sends a message as JSON, a string or bytes as they are. */
  send(message: object | string | Buffer): void;
  /** The next message, or the one that waited longest; rejects when the socket closes before one comes. */
  next(): Promise<Message>;
  /** The next message of this type for this operation; others of other operations and types are put aside. */
  nextOf(type: string, id?: string): Promise<Message>;
  /** What came and was not asked for yet. */
  readonly waiting: readonly Message[];
  /** The `data` of the operation's next result; rejects when it has none. */
  // biome-ignore lint/suspicious/noExplicitAny: data has the shape that its operation asks for
  nextData(id: string): Promise<any>;
  /** `connection_init` with these params, and waits for the `connection_ack`. */
  init(params?: object): Promise<Message>;
  subscribe(id: string, query: string, variables?: object): void;
  /** A round trip: the server has read all that was sent before. */
  ping(): Promise<Message>;
  waitForClose(): Promise<Closed>;
  /** Closes, and waits until it is closed. */
  close(): Promise<Closed>;
  /** Stops reading from the connection, as a client does that hangs. */
  stall(): void;
  /** Reads on. */
  resume(): void;
}

/** An upgrade that was answered with another status than 101. */
export class UpgradeRefused extends Error {
  constructor(
    readonly status: number,
    readonly body: string,
  ) {
    super(`upgrade refused: ${status} ${body}`);
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

/** Opens a socket; rejects with UpgradeRefused when the server answers otherwise. */
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
      response.on('end', () => reject(new UpgradeRefused(response.statusCode ?? 0, body)));
    });
  });
  return client;
}

function wrap(socket: WebSocket): WsClient {
  const waiting: Message[] = [];
  let closed: Closed | null = null;
  let look = () => {};
  socket.on('message', (data) => {
    waiting.push(JSON.parse(String(data)) as Message);
    look();
  });
  socket.on('close', (code, reason) => {
    closed = { code, reason: String(reason) };
    look();
  });
  socket.on('error', () => {});

  const take = (isWanted: (message: Message) => boolean) =>
    new Promise<Message>((resolve, reject) => {
      look = () => {
        const at = waiting.findIndex(isWanted);
        if (at >= 0) resolve(waiting.splice(at, 1)[0] as Message);
        else if (closed) reject(new Error(`socket closed with ${closed.code} ${closed.reason}, no such message came`));
        else return;
        look = () => {};
      };
      look();
    });

  const client: WsClient = {
    socket,
    waiting,
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

/** ws keeps the connection to itself; a client that hangs can only be played on it. */
function connectionOf(socket: WebSocket): Socket {
  return (socket as unknown as { _socket: Socket })._socket;
}
