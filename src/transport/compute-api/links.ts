import { Transform } from 'node:stream';

/** Maximum length of a URL base, in characters: at most this much of a chunk is held back. */
const MAX_BASE = 300;

/** Replaces URL bases in links. No base has a trailing slash. */
export interface LinkRewrite {
  readonly from: readonly string[];
  readonly to: string;
}

/** Replaces the base of a URL; other URLs are unchanged. */
export function rewriteUrl(url: string, { from, to }: LinkRewrite): string {
  const base = from.find(
    (prefix) => url === prefix || (url.startsWith(prefix) && /^[/?]/.test(url.slice(prefix.length))),
  );
  return base === undefined ? url : to + url.slice(base.length);
}

/**
 * A stream that rewrites the links in JSON: every `"href"` that begins with one of the bases. All other bytes are
 * unchanged, so that numbers keep their digits and responses may have any size.
 */
export function rewriteLinks({ from, to }: LinkRewrite): Transform {
  const bases = from.filter((base) => base.length <= MAX_BASE).map(escapeRegExp);
  const links = new RegExp(`("href"\\s?:\\s?")(?:${bases.join('|')})(?=[/?"])`, 'g');
  let held = '';
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      // latin1 maps each byte to a character: the pattern is ASCII, and multi-byte characters are unchanged
      const text = held + chunk.toString('latin1');
      const end = bases.length === 0 ? text.length : safeEnd(text);
      held = text.slice(end);
      done(null, Buffer.from(rewrite(text.slice(0, end)), 'latin1'));
    },
    flush(done) {
      done(null, Buffer.from(rewrite(held), 'latin1'));
    },
  });

  function rewrite(text: string): string {
    return bases.length === 0 ? text : text.replace(links, `$1${to.replaceAll('$', '$$$$')}`);
  }
}

/** The end of what can be sent of a chunk: a link that may continue in the next chunk is held back. */
function safeEnd(text: string): number {
  const start = text.length - MAX_BASE - '"href" : "'.length;
  const link = text.lastIndexOf('"href"');
  if (link >= 0 && link > start) return link;
  const quote = text.lastIndexOf('"');
  return quote >= 0 && quote > text.length - '"href"'.length ? quote : text.length;
}

function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}
