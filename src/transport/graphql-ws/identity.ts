import type { Logger } from 'pino';
import { type ErrorContext, formatError } from '../../graphql/errors.ts';
import { CLOSE, type Connection, closeConnection, SocketClose } from './connection.ts';

/** The longest that a timer of Node can wait, in ms. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** What the gateway knows of a socket: little, since there are many. */
export interface Extra {
  readonly connection: Connection;
  /** Of the upgrade: for what is logged of no operation. */
  readonly requestId: string;
  /** Set by a good `connection_init`. */
  token: string | null;
  expiry: NodeJS.Timeout | null;
}

/** The log of a socket, made when there is something to say. */
export function logOf(log: Logger, { requestId }: Extra): Logger {
  return log.child({ requestId });
}

/** `X-Auth-Token`, in whatever case, among the connection's params. */
export function tokenOf(params: Readonly<Record<string, unknown>> | undefined): string | undefined {
  const found = Object.entries(params ?? {}).find(([name]) => name.toLowerCase() === 'x-auth-token');
  return typeof found?.[1] === 'string' ? found[1] : undefined;
}

/** How a refused token ends a socket: never again with 4401, again with a new one after 4403, again later after 1013. */
export function socketCloseOf(error: unknown, asking: ErrorContext, code: number): SocketClose {
  const { message, extensions } = formatError(error, asking);
  if (extensions.code === 'UPSTREAM_UNAVAILABLE') return new SocketClose(CLOSE.TRY_AGAIN, message, { cause: error });
  if (extensions.code === 'INTERNAL_SERVER_ERROR') return new SocketClose(CLOSE.INTERNAL, message, { cause: error });
  return new SocketClose(code, message, { cause: error });
}

/** Ends the socket with its token: clients come back with a new one. Nothing for a socket that is gone already. */
export function closeAtExpiry(extra: Extra, expiresAt: number): void {
  const { socket } = extra.connection;
  if (socket.readyState !== socket.OPEN) return;
  const left = expiresAt - Date.now();
  extra.expiry = setTimeout(
    () => {
      if (left > MAX_TIMER_MS) closeAtExpiry(extra, expiresAt);
      else closeConnection(extra.connection, CLOSE.TOKEN_ENDED, 'Token expired');
    },
    Math.min(Math.max(left, 0), MAX_TIMER_MS),
  );
}
