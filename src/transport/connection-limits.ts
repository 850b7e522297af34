/** The limits on connections and on requests that have not arrived completely: no token is known yet, so by address. */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { Config } from '../config.ts';
import { addressKey, type ClientAddresses } from './client-address.ts';
import { endSocketWith, RETRY_AFTER, sendError } from './error-responses.ts';
import { createQuota } from './quota.ts';

/** How often Node looks for requests that take too long to arrive, in ms. */
export const CHECK_INTERVAL_MS = 1000;

/**
 * Limits connections per address, except those of trusted proxies, and requests whose body has not arrived, per client
 * address and in total. Closes connections whose client does not read a response within SEND_TIMEOUT_MS. RECEIVE_TIMEOUT_MS
 * is Node's own requestTimeout (server.ts).
 */
export function limitConnections(app: FastifyInstance, config: Config, addresses: ClientAddresses): void {
  limitOpenConnections(app, config, addresses);
  limitUnfinishedRequests(app, config, addresses);
  app.addHook('onSend', (_request, reply, _payload, done) => {
    // the timer runs while no byte is read; Node sets its own again when the response has been sent
    reply.raw.socket?.setTimeout(config.SEND_TIMEOUT_MS);
    done();
  });
}

function limitOpenConnections(app: FastifyInstance, config: Config, { isProxy }: ClientAddresses): void {
  const limit = config.MAX_CONNECTIONS_PER_ADDRESS;
  const connections = createQuota({ address: limit });
  app.server.on('connection', (socket: Socket) => {
    if (isProxy(socket.remoteAddress)) return;
    const acquired = connections.acquire({ address: addressKey(socket.remoteAddress) });
    if ('release' in acquired) return void socket.once('close', acquired.release);
    socket.on('error', () => socket.destroy());
    endSocketWith(socket, 429, `Expected at most ${limit} connections from one address`, 'LIMIT_EXCEEDED');
  });
}

function limitUnfinishedRequests(app: FastifyInstance, config: Config, addresses: ClientAddresses): void {
  const { MAX_UNFINISHED_REQUESTS: total, MAX_UNFINISHED_REQUESTS_PER_ADDRESS: address } = config;
  const unfinished = createQuota({ address, total });
  app.addHook('onRequest', (request, reply, done) => {
    if (!hasBody(request.raw)) return done();
    const acquired = unfinished.acquire({ address: addresses.of(request.raw), total: '' });
    if ('release' in acquired) {
      // `end`: the body has arrived; `close` of the request: it never will; of the response: nothing waits for it any more
      request.raw.once('end', acquired.release).once('close', acquired.release);
      reply.raw.once('close', acquired.release);
      return done();
    }
    const limit = acquired.exceeded === 'total' ? total : address;
    const where = acquired.exceeded === 'total' ? 'in total' : 'from one address';
    reply.headers({ connection: 'close', 'retry-after': RETRY_AFTER });
    const message = `Expected at most ${limit} requests ${where} whose body is still to arrive`;
    sendError(reply, acquired.exceeded === 'total' ? 503 : 429, message, 'LIMIT_EXCEEDED');
  });
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
