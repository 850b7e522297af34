import { GatewayError } from '../../errors.ts';
import { NOVA } from '../../openstack/services.ts';

/** The path of the compute API, the same as Nova's. */
export const PREFIX = NOVA.versionPath;

/** How many times a segment is decoded: once for each hop that may decode it. */
const DECODINGS = 3;

/**
 * Throws BAD_USER_INPUT for a path that a proxy or Nova could interpret as one outside the compute API: with a dot segment,
 * an empty segment, an encoded slash or backslash, or an invalid percent-encoding. No id, tag, key or name of the compute
 * API contains one.
 */
export function checkPath(url: string): void {
  const path = url.split('?', 1)[0] ?? '';
  const segments = path.split('/').slice(1);
  const isLast = (i: number) => i === segments.length - 1;
  for (const [i, segment] of segments.entries()) {
    if (segment === '' && !isLast(i)) throw rejectPath('an empty segment');
    for (const decoded of decodings(segment)) {
      if (decoded === '.' || decoded === '..') throw rejectPath('a dot segment');
      if (/[/\\]/.test(decoded)) throw rejectPath('a slash or backslash within a segment');
    }
  }
}

/** The segment as it is, and as each hop would decode it. */
function decodings(segment: string): string[] {
  const results = [segment];
  for (let i = 0; i < DECODINGS; i++) {
    const last = results[results.length - 1] ?? '';
    const next = i === 0 ? decodeFirst(last) : decodeMore(last);
    if (next === last) break;
    results.push(next);
  }
  return results;
}

function decodeFirst(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw rejectPath('an invalid percent-encoding');
  }
}

/** Decoded text need not be a valid encoding: `100%` is a name. */
function decodeMore(text: string): string {
  return text.replace(/%(2[ef]|5c|25)/gi, (code) => decodeURIComponent(code));
}

function rejectPath(what: string): GatewayError {
  return new GatewayError(
    'BAD_USER_INPUT',
    `Malformed request URL: expected a path below ${PREFIX}, got one with ${what}`,
  );
}
