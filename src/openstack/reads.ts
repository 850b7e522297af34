import { createHash } from 'node:crypto';
import type { Answer } from './answer.ts';
import type { Cloud } from './cloud.ts';

/** Makes a read, or joins the same one of the same token that is under way. */
export function joinRead(
  cloud: Cloud,
  token: string | null,
  what: string,
  start: () => Promise<Answer>,
): Promise<Answer> {
  const owner = ownerOf(token);
  const reads = cloud.reads.get(owner) ?? new Map<string, Promise<Answer>>();
  const running = reads.get(what);
  if (running) return running;
  cloud.reads.set(owner, reads);
  const read = start().finally(() => {
    if (reads.get(what) === read) reads.delete(what);
    if (reads.size === 0 && cloud.reads.get(owner) === reads) cloud.reads.delete(owner);
  });
  reads.set(what, read);
  return read;
}

/** Lets nobody join the token's reads of before: they may show what a write has changed since. */
export function forgetReads(cloud: Cloud, token: string | null): void {
  cloud.reads.delete(ownerOf(token));
}

/** A token is no key: only its hash is kept. */
function ownerOf(token: string | null): string {
  return token === null ? '' : createHash('sha256').update(token).digest('base64');
}
