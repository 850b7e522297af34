import type { IncomingMessage } from 'node:http';
import type { Config } from '../config.ts';
import { parseUrl } from '../url.ts';
import type { ClientAddresses } from './client-address.ts';

export interface Origins {
  /** Whether this is the origin of PUBLIC_URL or one of ALLOWED_ORIGINS: its pages may read responses (CORS). */
  isListed(origin: string): boolean;
  /**
   * Whether the page that sent a request may open a WebSocket: it is of a listed origin or of the requested host. Programs
   * send no Origin and are accepted; a browser always sends it. For a WebSocket this is the only protection, since browsers
   * do not apply the same-origin policy to it.
   */
  isAllowed(request: IncomingMessage): boolean;
}

/** The origins of the settings, which are normalised as browsers send them. `*` allows every origin. */
export function createOrigins({ ALLOWED_ORIGINS, PUBLIC_URL }: Config, { schemeOf }: ClientAddresses): Origins {
  const listed = new Set(ALLOWED_ORIGINS);
  if (PUBLIC_URL !== undefined) listed.add(new URL(PUBLIC_URL).origin);
  const isListed = (origin: string) => listed.has('*') || listed.has(origin);
  return {
    isListed,
    isAllowed(request) {
      const { origin, host } = request.headers;
      if (origin === undefined || isListed(origin)) return true;
      return host !== undefined && isOwn(origin, host, schemeOf(request));
    },
  };
}

/** Whether a page comes from the requested host. The scheme is known where a trusted proxy names it. */
function isOwn(origin: string, host: string, scheme: string | null): boolean {
  const from = parseUrl(origin);
  if (!from) return false;
  const own = parseUrl(`${scheme === null ? from.protocol : `${scheme}:`}//${host}/`);
  return own !== null && own.host === from.host && own.protocol === from.protocol;
}
