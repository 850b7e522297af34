import type { Session } from '../session.ts';
import { listShares, type ShareFilters } from './client.ts';
import type { Share } from './types.ts';

/** Asked for at once; a cloud may give fewer (`osapi_max_limit`). */
const PAGE = 1000;
/** Pages at the most: 100,000 shares of a cloud that gives as many as are asked for. */
const MAX_PAGES = 100;

/**
 * All shares that the token can see, each once, read until a page is empty. Manila counts offset and limit in rows of share
 * and instance, and a cloud may cap the limit below ours: so the next page begins after as many rows as shares came,
 * which may repeat some and skips none. `isComplete` is false when the bound ended it.
 */
export async function listAllShares(
  session: Session,
  filters: ShareFilters,
): Promise<{ shares: Share[]; isComplete: boolean }> {
  const shares = new Map<string, Share>();
  let offset = 0;
  for (let page = 0; page < MAX_PAGES; page++) {
    const { shares: some } = await listShares(session, { limit: PAGE, offset, filters });
    if (some.length === 0) return { shares: [...shares.values()], isComplete: true };
    for (const share of some) shares.set(share.id, share);
    offset += some.length;
  }
  return { shares: [...shares.values()], isComplete: false };
}
