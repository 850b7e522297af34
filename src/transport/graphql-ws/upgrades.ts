import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import type { Config } from '../../config.ts';
import { endSocketWith, isHost } from '../error-responses.ts';
import { isOriginAllowed } from '../origin.ts';

export interface UpgradeOptions {
  readonly config: Config;
  readonly log: Logger;
  /** The number of open sockets of an address. */
  readonly socketsOf: (address: string) => number;
  readonly isDraining: () => boolean;
  /** Opens the socket of an accepted upgrade. */
  readonly accept: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
}

type UpgradeError = readonly [status: number, message: string, code?: string];

/** Checks every upgrade: Node passes each request with an Upgrade header here, also a POST. */
export function guardUpgrades(server: Server, options: UpgradeOptions): void {
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const error = upgradeErrorOf(request, options);
    if (!error) {
      options.accept(request, socket, head);
      return;
    }
    const [status, message, code = 'BAD_REQUEST'] = error;
    options.log.info({ path: pathOf(request), status, code }, 'upgrade rejected');
    socket.on('error', () => socket.destroy());
    endSocketWith(socket, status, message, code);
  });
}

/** 404 or 400 for no WebSocket here, 403 for a foreign page, 429 for an address with too many sockets, 503 while stopping. */
function upgradeErrorOf(
  request: IncomingMessage,
  { config, socketsOf, isDraining }: UpgradeOptions,
): UpgradeError | null {
  const { origin, host, upgrade } = request.headers;
  if (pathOf(request) !== '/graphql') return [404, 'There is nothing to upgrade to at this path', 'NOT_FOUND'];
  if (request.method !== 'GET' || upgrade?.toLowerCase() !== 'websocket') {
    return [400, `Expected GET with Upgrade: websocket, got ${request.method} with another`];
  }
  if (!isHost(host)) return [400, 'Expected a Host header with a host name'];
  if (!isOriginAllowed(origin, host, config.ALLOWED_ORIGINS)) {
    return [403, 'This origin may not open a WebSocket here: see ALLOWED_ORIGINS', 'FORBIDDEN'];
  }
  if (socketsOf(addressOf(request)) >= config.WS_MAX_SOCKETS_PER_ADDRESS) {
    return [429, `Expected at most ${config.WS_MAX_SOCKETS_PER_ADDRESS} sockets from one address`, 'LIMIT_EXCEEDED'];
  }
  return isDraining() ? [503, 'The gateway is stopping', 'LIMIT_EXCEEDED'] : null;
}

/** The remote address of the connection. */
export function addressOf({ socket }: IncomingMessage): string {
  return socket.remoteAddress ?? '';
}

function pathOf({ url = '' }: IncomingMessage): string {
  return url.split('?', 1)[0] ?? '';
}
