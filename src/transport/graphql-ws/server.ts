import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { CloseCode, handleProtocols, makeServer } from 'graphql-ws';
import type { Logger } from 'pino';
import { type WebSocket, WebSocketServer } from 'ws';
import { newRequestId } from '../../openstack/session.ts';
import { endSocketWith } from '../error-responses.ts';
import type { GraphQLTransportOptions } from '../graphql.ts';
import type { SharedState } from '../server.ts';
import { CLOSE, type Connection, closeConnection, isStalled, openConnection, SocketClose, send } from './connection.ts';
import { type Extra, logOf } from './identity.ts';
import { socketHooks } from './operations.ts';
import { guardUpgrades } from './upgrades.ts';

/** Maximum number of frames in a message: clients send one. */
const MAX_FRAGMENTS = 16;
/** The reason of a close with 4406: clients of the legacy protocol `graphql-ws` show it. */
const EXPECTED_PROTOCOL = 'Expected the subprotocol graphql-transport-ws (the legacy graphql-ws is not supported)';
/** Time limit for a client to answer a close, in ms. */
const CLOSE_MS = 5000;

/**
 * Adds GraphQL over WebSocket at `/graphql`, with the protocol `graphql-transport-ws` only. Upgrades go through
 * guardUpgrades and not through Fastify, whose request and reply would live as long as the socket. Closing the app closes
 * sockets with 1012, spread over SHUTDOWN_SPREAD_MS.
 */
export function registerGraphQLWs(app: FastifyInstance, options: GraphQLTransportOptions, shared: SharedState): void {
  const { config, log, metrics } = options;
  const connections = new Set<Connection>();
  const server = makeServer<Record<string, unknown>, Extra>({
    connectionInitWaitTimeout: config.WS_INIT_TIMEOUT_MS,
    ...socketHooks(app, options, shared),
  });
  let isDraining = false;
  metrics?.gauge('nmg_websockets', () => [[{}, connections.size]]);

  const serverOptions = {
    noServer: true,
    // a socket with another subprotocol is opened, so that its close can tell which one is expected
    handleProtocols: (protocols: Set<string>) => handleProtocols(protocols) || [...protocols][0] || false,
    maxPayload: config.WS_MAX_PAYLOAD_BYTES,
    maxFragments: MAX_FRAGMENTS,
    perMessageDeflate: false,
    closeTimeout: CLOSE_MS,
  };
  const sockets = new WebSocketServer(serverOptions);
  sockets.on('wsClientError', (error, socket) => endSocketWith(socket, 400, error.message));
  guardUpgrades(app.server, {
    config,
    log,
    shared,
    isDraining: () => isDraining,
    accept: (request, stream, head) => {
      sockets.handleUpgrade(request, stream, head, (socket) => open(socket, stream));
    },
  });
  const timer = setInterval(() => heartbeat(connections), config.WS_KEEPALIVE_MS);
  app.addHook('preClose', drain);
  app.addHook('onClose', async () => clearInterval(timer));

  function open(socket: WebSocket, stream: Duplex): void {
    const connection = openConnection(newRequestId(), socket, stream);
    const extra: Extra = { connection, requestId: connection.id, token: null, expiry: null, releases: [] };
    connections.add(connection);
    socket.on('pong', () => {
      connection.isAlive = true;
    });
    socket.on('error', (error) => terminate(error, socket, logOf(log, extra)));
    const closed = serve(extra);
    socket.once('close', (code, reason) => {
      connections.delete(connection);
      metrics?.count('nmg_websockets_closed_total', { reason: connection.closeReason ?? String(code) });
      closed(code, String(reason)).catch((error) => logOf(log, extra).error({ err: error }, 'closing a socket failed'));
    });
  }

  function serve(extra: Extra) {
    const { connection } = extra;
    const { socket } = connection;
    return server.opened(
      {
        protocol: socket.protocol,
        send: (data) => send(connection, data, config.WS_MAX_BUFFER_BYTES),
        close: (code = CLOSE.INTERNAL, reason = '') => {
          const isProtocol = code === CloseCode.SubprotocolNotAcceptable;
          closeConnection(connection, code, isProtocol ? EXPECTED_PROTOCOL : reason);
        },
        onMessage: (receive) =>
          socket.on('message', (data) => {
            receive(String(data)).catch((error) => closeWith(extra, error));
          }),
      },
      extra,
    );
  }

  function closeWith(extra: Extra, error: unknown): void {
    if (error instanceof SocketClose) {
      closeConnection(extra.connection, error.closeCode, error.message);
    } else if (error instanceof Error && error.message.startsWith('Unexpected message of type')) {
      // graphql-ws: a message that only a server sends
      closeConnection(extra.connection, CloseCode.BadRequest, 'Invalid message received');
    } else {
      logOf(log, extra).error({ err: error }, 'internal error on a socket');
      closeConnection(extra.connection, CLOSE.INTERNAL, 'Internal error');
    }
  }

  /** Closes the sockets one by one over SHUTDOWN_SPREAD_MS: each client reconnects as soon as it is closed. */
  async function drain(): Promise<void> {
    isDraining = true;
    log.debug({ sockets: connections.size }, 'closing sockets');
    await Promise.all(
      [...connections].map(async (connection) => {
        const closed = new Promise((resolve) => connection.socket.once('close', resolve));
        await Promise.race([closed, sleep(Math.random() * config.SHUTDOWN_SPREAD_MS)]);
        closeConnection(connection, CLOSE.RESTART, 'The gateway restarts: connect again');
        await closed;
      }),
    );
    sockets.close();
  }
}

/** Ends a socket after a frame that breaks the protocol or a lost connection: no close frame can be sent. */
function terminate(error: Error, socket: WebSocket, log: Logger): void {
  log.debug({ err: error }, 'socket failed');
  socket.terminate();
}

/** Pings every socket, and ends those that did not answer the last ping or read nothing since. One timer for all. */
function heartbeat(connections: ReadonlySet<Connection>): void {
  for (const connection of connections) {
    if (!connection.isAlive || isStalled(connection)) {
      connection.closeReason ??= 'stalled';
      connection.socket.terminate();
      continue;
    }
    connection.isAlive = false;
    connection.socket.ping();
  }
}
