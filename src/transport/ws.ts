import { setTimeout as after } from 'node:timers/promises';
import websocket from '@fastify/websocket';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { CloseCode, handleProtocols, makeServer } from 'graphql-ws';
import type { WebSocket } from 'ws';
import { CLOSE, type Connection, closeConnection, openConnection, SocketRefusal, send } from './connection.ts';
import type { OpenDoors } from './options.ts';
import { endWith } from './refusals.ts';
import { addressOf, guardUpgrades } from './upgrades.ts';
import type { Extra } from './ws-identity.ts';
import { socketHooks } from './ws-operations.ts';

/** In how many pieces a message may come: clients send whole ones. */
const MAX_FRAGMENTS = 16;
/** How long a client may take to answer a close, in ms. */
const CLOSE_MS = 5000;

/**
 * GraphQL over WebSocket on the path of the other door, `graphql-transport-ws` only. Upgrades pass
 * guardUpgrades; the handler that is returned serves an open socket; closing the app closes them with 1012, spread over
 * SHUTDOWN_SPREAD_MS.
 */
export async function registerSocket(app: FastifyInstance, options: OpenDoors) {
  const { config, log } = options;
  const connections = new Set<Connection>();
  const perAddress = new Map<string, number>();
  const server = makeServer<Record<string, unknown>, Extra>({
    connectionInitWaitTimeout: config.WS_INIT_TIMEOUT_MS,
    ...socketHooks(options),
  });
  let isDraining = false;

  const serverOptions = {
    server: guardUpgrades(app.server, {
      config,
      log,
      socketsOf: (address) => perAddress.get(address) ?? 0,
      isDraining: () => isDraining,
    }),
    handleProtocols: (protocols: Set<string>) => handleProtocols(protocols),
    maxPayload: config.WS_MAX_PAYLOAD_BYTES,
    maxFragments: MAX_FRAGMENTS,
    perMessageDeflate: false,
    closeTimeout: CLOSE_MS,
  };
  await app.register(websocket, { options: serverOptions, errorHandler: breakOff, preClose: drain });
  app.websocketServer.on('wsClientError', (error, socket) => endWith(socket, 400, error.message));
  const heartbeat = setInterval(() => beat(connections), config.WS_KEEPALIVE_MS);
  app.addHook('onClose', async () => clearInterval(heartbeat));

  function handle(socket: WebSocket, request: FastifyRequest): void {
    const connection = openConnection(socket);
    connections.add(connection);
    const address = addressOf(request.raw);
    perAddress.set(address, (perAddress.get(address) ?? 0) + 1);
    socket.on('pong', () => {
      connection.isAlive = true;
    });
    const closed = serve(connection, request);
    socket.once('close', (code, reason) => {
      connections.delete(connection);
      const left = (perAddress.get(address) ?? 1) - 1;
      if (left > 0) perAddress.set(address, left);
      else perAddress.delete(address);
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
    } else if (error instanceof Error && error.message.startsWith('Unexpected message of type')) {
      // graphql-ws: a message that only a server sends.
      closeConnection(connection, CloseCode.BadRequest, 'Invalid message received');
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

  return handle;
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
