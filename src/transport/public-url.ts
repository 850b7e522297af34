/** What a proxy in front of the gateway changes: the scheme of requests, and a prefix of their path. */
import type { IncomingMessage } from 'node:http';
import { trimTrailingSlashes } from '../openstack/catalog.ts';

/**
 * Creates the function that takes the path of PUBLIC_URL off a request's URL. It leaves URLs without it unchanged, so
 * that a proxy may remove the prefix or pass it on.
 */
export function createPrefixRemover(publicUrl: string | undefined): (url: string) => string {
  const prefix = publicUrl === undefined ? '' : trimTrailingSlashes(new URL(publicUrl).pathname);
  if (prefix === '') return (url) => url;
  return (url) => (url.startsWith(`${prefix}/`) ? url.slice(prefix.length) : url);
}

/** The scheme in X-Forwarded-Proto, whose last value is that of the nearest proxy; null for any other text. */
export function forwardedScheme({ headers }: IncomingMessage): 'http' | 'https' | null {
  const header = headers['x-forwarded-proto'];
  const last = String(header ?? '')
    .split(',')
    .at(-1)
    ?.trim()
    .toLowerCase();
  return last === 'http' || last === 'https' ? last : null;
}
