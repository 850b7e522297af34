/**
 * Whether a page of this origin may use the gateway: pages of the gateway's own origin (the requested host) and of
 * ALLOWED_ORIGINS. Programs send no Origin and are accepted; a browser always sends it. For a WebSocket this is the only
 * protection, since browsers do not apply the same-origin policy to it.
 */
export function isOriginAllowed(
  origin: string | undefined,
  host: string | undefined,
  allowed: readonly string[],
): boolean {
  if (origin === undefined) return true;
  if (allowed.includes(origin)) return true;
  return host !== undefined && URL.canParse(origin) && new URL(origin).host === hostOf(origin, host);
}

/** The host as a browser writes it into an origin of this scheme: lower case, default port left out. */
function hostOf(origin: string, host: string): string | null {
  const url = `${new URL(origin).protocol}//${host}/`;
  return URL.canParse(url) ? new URL(url).host : null;
}
