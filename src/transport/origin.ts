import type { Config } from '../config.ts';

export interface Origins {
  /** Whether ALLOWED_ORIGINS names this origin. */
  isListed(origin: string): boolean;
  /**
   * Whether a page of this origin may open a WebSocket: one of the gateway's own origin (the requested host, or that of
   * PUBLIC_URL) or of ALLOWED_ORIGINS. Programs send no Origin and are accepted; a browser always sends it. For a
   * WebSocket this is the only protection, since browsers do not apply the same-origin policy to it.
   */
  isAllowed(origin: string | undefined, host: string | undefined): boolean;
}

/** The origins of the settings, which are normalised as browsers send them. `*` allows every origin. */
export function createOrigins({ ALLOWED_ORIGINS, PUBLIC_URL }: Config): Origins {
  const listed = new Set(ALLOWED_ORIGINS);
  const own = PUBLIC_URL === undefined ? null : new URL(PUBLIC_URL).origin;
  const isListed = (origin: string) => listed.has('*') || listed.has(origin);
  return {
    isListed,
    isAllowed: (origin, host) =>
      origin === undefined || origin === own || isListed(origin) || (host !== undefined && isHostOf(origin, host)),
  };
}

function isHostOf(origin: string, host: string): boolean {
  if (!URL.canParse(origin)) return false;
  const { protocol, host: originHost } = new URL(origin);
  const url = `${protocol}//${host}/`;
  return URL.canParse(url) && new URL(url).host === originHost;
}
