/** Objects by an id that does not say what it is of. */
import DataLoader from 'dataloader';
import { type Attachment, parseAttachmentId } from '../attachments/attachment.ts';
import type { Share, Snapshot } from '../openstack/manila/types.ts';
import type { NovaServer } from '../openstack/nova/types.ts';
import { asError, type ById } from './by-id.ts';

/** An object with the name of its type. */
export type FoundNode =
  | ({ __typename: 'Server' } & NovaServer)
  | ({ __typename: 'Share' } & Share)
  | ({ __typename: 'ShareSnapshot' } & Snapshot)
  | ({ __typename: 'ShareAttachment' } & Attachment);

interface Sources {
  readonly servers: ById<NovaServer>;
  readonly shares: ById<Share>;
  readonly snapshots: ById<Snapshot>;
  readonly attachment: (serverId: string, shareId: string) => Promise<Attachment | null>;
}

/**
 * Loads nodes by id: an attachment from the store, any other from the services that may have it, which are asked at the
 * same time; for a snapshot after those. Many ids take one list of each service; only ids in none of them are asked for
 * one by one. The failure of one service is an error of the ids that no other one has.
 */
export function createNodeLoader({
  servers,
  shares,
  snapshots,
  attachment,
}: Sources): DataLoader<string, FoundNode | null> {
  const kinds = [kind('Server', servers), kind('Share', shares)];
  // snapshots are rarely asked for: only about ids that are none of the others
  const rare = kind('ShareSnapshot', snapshots);

  async function find(id: string): Promise<FoundNode | null> {
    const pair = parseAttachmentId(id);
    if (!pair)
      return await firstFound<FoundNode>(
        kinds.map(({ load }) => load(id)),
        () => rare.load(id),
      );
    const found = await attachment(pair.serverId, pair.shareId);
    return found && { ...found, __typename: 'ShareAttachment' };
  }

  return new DataLoader(async (ids) => {
    const single = ids.filter((id) => parseAttachmentId(id) === null);
    const lists = await Promise.all(kinds.map(({ list }) => list(single.length)));
    const listed = (id: string) => lists.map((find) => find(id)).find((node) => node !== null);
    const missing = single.filter((id) => !listed(id)).length;
    const snapshotOf = await rare.list(missing);
    return await Promise.all(ids.map((id) => listed(id) ?? snapshotOf(id) ?? find(id).catch(asError)));
  });
}

/** One type of node: by id, and from a list for many ids. */
function kind<T extends { id: string }, N extends string>(__typename: N, { loader, list }: ById<T>) {
  const named = (found: T | null | undefined) => (found ? { ...found, __typename } : null);
  return {
    load: async (id: string) => named(await loader.load(id)),
    // a list that fails fails again by id, with the error of each
    list: async (count: number) => {
      const found = await list(count).catch(() => new Map<string, T>());
      return (id: string) => named(found.get(id));
    },
  };
}

/** The first result that is there, or else the last one. Rejects with an error only when there is none. */
async function firstFound<T>(reads: readonly Promise<T | null>[], last: () => Promise<T | null>): Promise<T | null> {
  const results = await Promise.allSettled(reads);
  const found = results.find((result) => result.status === 'fulfilled' && result.value !== null);
  if (found?.status === 'fulfilled') return found.value;
  const other = await last();
  if (other) return other;
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
  return null;
}
