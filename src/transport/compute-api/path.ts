import { GatewayError } from '../../errors.ts';

/** How often an encoded segment is decoded to see what it hides: once by each hop that may do so. */
const DECODINGS = 3;

/**
 * Throws BAD_USER_INPUT for a path that could be read as another one on its way to Nova, and so leave `/v2.1`: with a dot
 * segment, an empty one, an encoded slash or backslash, or with what cannot be decoded. No id, tag, key or name of the
 * compute API needs one.
 */
export function checkPath(url: string): void {
  const path = url.split('?', 1)[0] ?? '';
  const segments = path.split('/').slice(1);
  const isLast = (i: number) => i === segments.length - 1;
  for (const [i, segment] of segments.entries()) {
    if (segment === '' && !isLast(i)) throw rejectPath('an empty segment');
    for (const word of decodings(segment)) {
      if (word === '.' || word === '..') throw rejectPath('a dot segment');
      if (/[/\\]/.test(word)) throw rejectPath('a slash or backslash within a segment');
    }
  }
}

/** The segment as it stands, and as one hop after another would decode it. */
function decodings(segment: string): string[] {
  const words = [segment];
  for (let i = 0; i < DECODINGS; i++) {
    const last = words[words.length - 1] ?? '';
    const next = i === 0 ? decodeFirst(last) : decodeMore(last);
    if (next === last) break;
    words.push(next);
  }
  return words;
}

function decodeFirst(word: string): string {
  try {
    return decodeURIComponent(word);
  } catch {
    throw rejectPath('what is no percent-encoding');
  }
}

/** What is decoded already need not be an encoding: `100%` is a name. */
function decodeMore(word: string): string {
  return word.replace(/%(2[ef]|5c|25)/gi, (code) => decodeURIComponent(code));
}

function rejectPath(what: string): GatewayError {
  return new GatewayError('BAD_USER_INPUT', `Malformed request URL: expected a path below /v2.1, got one with ${what}`);
}
