import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import type { Config } from '../../config.ts';
import { endSocketWith, isHost } from '../error-responses.ts';
import { createQuota } from '../quota.ts';
import type { SharedState } from '../server.ts';

export interface UpgradeOptions {
  readonly config: Config;
  readonly shared: SharedState;
  readonly log: Logger;
  readonly isDraining: () => boolean;
  /** Opens the socket of an accepted upgrade. */
  readonly accept: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
}

type UpgradeError = readonly [status: number, message: string, code?: string];

/** Checks every upgrade: Node passes each request with an Upgrade header here, also a POST. */
export function guardUpgrades(server: Server, options: UpgradeOptions): void {
  const { WS_MAX_SOCKETS_PER_ADDRESS: address, WS_MAX_SOCKETS_TOTAL: total } = options.config;
  const sockets = createQuota({ address, total });

  /** Counts the socket until it is closed. */
  function limitErrorOf(request: IncomingMessage, socket: Duplex): UpgradeError | null {
    const acquired = sockets.acquire({ address: options.shared.addresses.of(request), total: '' });
    if ('exceeded' in acquired) {
      if (acquired.exceeded === 'total') return [503, 'The gateway has too many sockets', 'LIMIT_EXCEEDED'];
      return [429, `Expected at most ${address} sockets from one address`, 'LIMIT_EXCEEDED'];
    }
    socket.once('close', acquired.release);
    return null;
  }

  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const error = upgradeErrorOf(request, options) ?? limitErrorOf(request, socket);
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

/** 404 or 400 for no WebSocket here, 403 for a foreign page, 503 while stopping. */
function upgradeErrorOf(request: IncomingMessage, { shared, isDraining }: UpgradeOptions): UpgradeError | null {
  const { host, upgrade } = request.headers;
  if (pathOf(request) !== '/graphql') return [404, 'There is nothing to upgrade to at this path', 'NOT_FOUND'];
  if (request.method !== 'GET' || upgrade?.toLowerCase() !== 'websocket') {
    return [400, `Expected GET with Upgrade: websocket, got ${request.method} with another`];
  }
  if (!isHost(host)) return [400, 'Expected a Host header with a host name'];
  if (!shared.origins.isAllowed(request)) {
    return [403, 'This origin may not open a WebSocket here: see ALLOWED_ORIGINS', 'FORBIDDEN'];
  }
  const notStarted = shared.notStarted();
  if (notStarted) return [503, notStarted, 'STATE_UNAVAILABLE'];
  return isDraining() ? [503, 'The gateway is stopping', 'LIMIT_EXCEEDED'] : null;
}

function pathOf({ url = '' }: IncomingMessage): string {
  return url.split('?', 1)[0] ?? '';
}
