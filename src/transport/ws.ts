import { setTimeout as after } from 'node:timers/promises';
import websocket from '@fastify/websocket';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { handleProtocols, makeServer } from 'graphql-ws';
import type { WebSocket } from 'ws';
import { CLOSE, type Connection, closeConnection, openConnection, SocketRefusal, send } from './connection.ts';
import type { DoorOptions } from './http.ts';
import { isOriginAllowed } from './origin.ts';
import { refuse } from './refusals.ts';
import { type Extra, socketHooks } from './ws-operations.ts';

/** In how many pieces a message may come: clients send whole ones. */
const MAX_FRAGMENTS = 16;
/** How long a client may take to answer a close, in ms. */
const CLOSE_MS = 5000;

/**
 * GraphQL over WebSocket on the path of the other door, `graphql-transport-ws` only. `admit` refuses before the upgrade,
 * `handle` serves an open socket; closing the app closes them with 1012, spread over SHUTDOWN_SPREAD_MS.
 */
export async function registerSocket(app: FastifyInstance, options: DoorOptions) {
  const { config, log } = options;
  const connections = new Set<Connection>();
  const perAddress = new Map<string, number>();
  const server = makeServer<Record<string, unknown>, Extra>({
    connectionInitWaitTimeout: config.WS_INIT_TIMEOUT_MS,
    ...socketHooks(options),
  });
  let isDraining = false;

  const serverOptions = {
    handleProtocols: (protocols: Set<string>) => handleProtocols(protocols),
    maxPayload: config.WS_MAX_PAYLOAD_BYTES,
    maxFragments: MAX_FRAGMENTS,
    perMessageDeflate: false,
    closeTimeout: CLOSE_MS,
  };
  await app.register(websocket, { options: serverOptions, errorHandler: breakOff, preClose: drain });
  const heartbeat = setInterval(() => beat(connections), config.WS_KEEPALIVE_MS);
  app.addHook('onClose', async () => clearInterval(heartbeat));

  /** Refuses an upgrade: 403 for a foreign page, 429 for an address with too many sockets, 503 while stopping. */
  async function admit(request: FastifyRequest, reply: FastifyReply) {
    if (!request.ws) return;
    const { origin, host } = request.headers;
    if (!isOriginAllowed(origin, host, config.ALLOWED_ORIGINS)) {
      return refuse(reply, 403, 'This origin may not open a WebSocket here: see ALLOWED_ORIGINS', 'FORBIDDEN');
    }
    if ((perAddress.get(request.ip) ?? 0) >= config.WS_MAX_SOCKETS_PER_ADDRESS) {
      const expected = `at most ${config.WS_MAX_SOCKETS_PER_ADDRESS} sockets from one address`;
      return refuse(reply, 429, `Expected ${expected}`, 'LIMIT_EXCEEDED');
    }
    if (isDraining) return refuse(reply, 503, 'The gateway is stopping', 'LIMIT_EXCEEDED');
  }

  function handle(socket: WebSocket, request: FastifyRequest): void {
    const connection = openConnection(socket);
    connections.add(connection);
    perAddress.set(request.ip, (perAddress.get(request.ip) ?? 0) + 1);
    socket.on('pong', () => {
      connection.isAlive = true;
    });
    const closed = serve(connection, request);
    socket.once('close', (code, reason) => {
      connections.delete(connection);
      const left = (perAddress.get(request.ip) ?? 1) - 1;
      if (left > 0) perAddress.set(request.ip, left);
      else perAddress.delete(request.ip);
      closed(code, String(reason)).catch((error) => request.log.error({ err: error }, 'socket did not end well'));
    });
  }

  function serve(connection: Connection, request: FastifyRequest) {
    const { socket } = connection;
    return server.opened(
      {
        protocol: socket.protocol,
        send: (data) => send(connection, data, config.WS_MAX_BUFFER_BYTES),
        close: (code = CLOSE.INTERNAL, reason = '') => closeConnection(connection, code, reason),
        onMessage: (receive) =>
          socket.on('message', (data) => {
            receive(String(data)).catch((error) => end(connection, error, request));
          }),
      },
      { connection, request, session: null, expiry: null },
    );
  }

  function end(connection: Connection, error: unknown, request: FastifyRequest): void {
    if (error instanceof SocketRefusal) {
      closeConnection(connection, error.closeCode, error.message);
    } else {
      request.log.error({ err: error }, 'internal error on a socket');
      closeConnection(connection, CLOSE.INTERNAL, 'Internal error');
    }
  }

  /** Not all at once: clients come back as they are closed. */
  async function drain(): Promise<void> {
    isDraining = true;
    log.debug({ sockets: connections.size }, 'closing sockets');
    await Promise.all(
      [...connections].map(async (connection) => {
        const gone = new Promise((resolve) => connection.socket.once('close', resolve));
        await Promise.race([gone, after(Math.random() * config.SHUTDOWN_SPREAD_MS)]);
        closeConnection(connection, CLOSE.RESTART, 'The gateway restarts: connect again');
        await gone;
      }),
    );
    app.websocketServer.close();
  }

  return { admit, handle };
}

/** A frame that breaks the protocol, or a client that is gone: there is nobody to tell. */
function breakOff(error: Error, socket: WebSocket, request: FastifyRequest): void {
  request.log.debug({ err: error }, 'socket broke');
  socket.terminate();
}

/** Pings every socket, and drops those that did not answer the last one. One timer for all. */
function beat(connections: ReadonlySet<Connection>): void {
  for (const connection of connections) {
    if (!connection.isAlive) {
      connection.socket.terminate();
      continue;
    }
    connection.isAlive = false;
    connection.socket.ping();
  }
}
