import { Transform } from 'node:stream';

/** Longer than any address in a link, in characters: what may be held back between two chunks. */
const MAX_BASE = 300;

/** From which addresses to which one links are turned: each without a slash at the end. */
export interface LinkRewrite {
  readonly from: readonly string[];
  readonly to: string;
}

/** An address of Nova's as the gateway's; any other stays as it is. */
export function rewriteUrl(url: string, { from, to }: LinkRewrite): string {
  const base = from.find((one) => url === one || (url.startsWith(one) && /^[/?]/.test(url.slice(one.length))));
  return base === undefined ? url : to + url.slice(base.length);
}

/**
 * Turns the links in Nova's JSON as it streams by: every `"href"` that begins with one of the addresses. All other bytes
 * stay as they are, so that no number loses a digit and no answer is too large.
 */
export function rewriteLinks({ from, to }: LinkRewrite): Transform {
  const bases = from.filter((base) => base.length <= MAX_BASE).map(escapeRegExp);
  const links = new RegExp(`("href"\\s?:\\s?")(?:${bases.join('|')})(?=[/?"])`, 'g');
  let held = '';
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      // latin1 keeps each byte a character: what is looked for is ASCII, and multi-byte characters pass whole
      const text = held + chunk.toString('latin1');
      const end = bases.length === 0 ? text.length : safeEnd(text);
      held = text.slice(end);
      done(null, Buffer.from(turn(text.slice(0, end)), 'latin1'));
    },
    flush(done) {
      done(null, Buffer.from(turn(held), 'latin1'));
    },
  });

  function turn(text: string): string {
    return bases.length === 0 ? text : text.replace(links, `$1${to.replaceAll('$', '$$$$')}`);
  }
}

/** Up to where a chunk can be sent: before a link that the next chunk may go on with. */
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
