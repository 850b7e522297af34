import type { Logger } from 'pino';
import { type ErrorContext, formatError } from '../../graphql/errors.ts';
import { CLOSE, type Connection, closeConnection, SocketClose } from './connection.ts';

/** The longest delay of a Node timer, in ms. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** What the gateway keeps per socket: little, since there are many. */
export interface Extra {
  readonly connection: Connection;
  /** The id of the upgrade, for log lines that belong to no operation. */
  readonly requestId: string;
  /** Set by a successful `connection_init`. */
  token: string | null;
  expiry: NodeJS.Timeout | null;
  /** Called when the socket is closed: what it held is released. */
  readonly releases: (() => void)[];
}

/** The log of a socket, created when there is something to log. */
export function logOf(log: Logger, { requestId }: Extra): Logger {
  return log.child({ requestId });
}

/** `X-Auth-Token`, in any case, among the parameters of `connection_init`. */
export function tokenOf(params: Readonly<Record<string, unknown>> | undefined): string | undefined {
  const found = Object.entries(params ?? {}).find(([name]) => name.toLowerCase() === 'x-auth-token');
  return typeof found?.[1] === 'string' ? found[1] : undefined;
}

/** The close for a token that is not accepted: `code`, or 1013 when Keystone is away, or 4500 for a bug. */
export function socketCloseOf(error: unknown, context: ErrorContext, code: number): SocketClose {
  const { message, extensions } = formatError(error, context);
  if (extensions.code === 'UPSTREAM_UNAVAILABLE') return new SocketClose(CLOSE.TRY_AGAIN, message, { cause: error });
  if (extensions.code === 'INTERNAL_SERVER_ERROR') return new SocketClose(CLOSE.INTERNAL, message, { cause: error });
  return new SocketClose(code, message, { cause: error });
}

/** Closes the socket when its token expires: clients reconnect with a new one. Does nothing for a closed socket. */
export function closeAtExpiry(extra: Extra, expiresAt: number): void {
  const { socket } = extra.connection;
  if (socket.readyState !== socket.OPEN) return;
  const remainingMs = expiresAt - Date.now();
  extra.expiry = setTimeout(
    () => {
      if (remainingMs > MAX_TIMER_MS) closeAtExpiry(extra, expiresAt);
      else closeConnection(extra.connection, CLOSE.TOKEN_ENDED, 'Token expired');
    },
    Math.min(Math.max(remainingMs, 0), MAX_TIMER_MS),
  );
}
