import type { Logger } from 'pino';
import { type Commands, orUnavailable } from '../../redis/connection.ts';
import { type Attachment, type AttachmentStatus, attachmentId } from '../attachment.ts';
import type { AttachmentPage, AttachmentStore, ListOptions } from './contract.ts';
import { type Keys, shardOf } from './keys.ts';
import { comparePositions, MAX_SCANNED, PAGE_RECORDS, positionOf } from './order.ts';
import { parsePage, parseRecord, parseRecords } from './replies.ts';
import type { Reply, RunScript } from './scripts.ts';
import { targetEntries, targetName } from './targets.ts';

/** Records indexed by one script. */
const INDEX_RECORDS = 100;

interface ListReader {
  commands: Commands;
  keys: Keys;
  run: RunScript;
  lastCursor: AttachmentStore['lastCursor'];
  log: Logger;
}

type Lists = Pick<AttachmentStore, 'get' | 'list' | 'listForServers' | 'listForShares' | 'listForTargets'>;

/** The reads of the Redis store that return records. Each script reads about PAGE_RECORDS records at most. */
export function createLists({ commands, keys, run, lastCursor, log }: ListReader): Lists {
  const indexing = new Map<string, Promise<void>>();

  /** One list per index, complete or the `first` oldest, at most PAGE_RECORDS records per script. */
  async function listEach(projectId: string, indexes: string[], first: number): Promise<Attachment[][]> {
    const lists: Attachment[][] = [];
    let [partial, after]: [Attachment[], string] = [[], ''];
    while (lists.length < indexes.length) {
      const rest = [keys.channel(projectId), ...indexes.slice(lists.length)];
      const limits = [first - partial.length, first, PAGE_RECORDS].map((limit) => Math.min(limit, PAGE_RECORDS + 1));
      const { values } = await run('list_each', rest, [keys.record(projectId, ''), ...limits, after]);
      const [position, ...read] = values as [string, ...unknown[][]];
      const [continued = [], ...others] = read.map(parseRecords);
      lists.push([...partial, ...continued], ...others);
      after = position;
      partial = position === '' ? [] : (lists.pop() ?? []);
    }
    return lists;
  }

  /** Runs a script that needs the indexes by status and by target; builds them where a project was written without. */
  async function runIndexed(projectId: string, script: () => Promise<Reply>): Promise<unknown[]> {
    for (;;) {
      const { status, values } = await script();
      if (status !== 'unindexed') return values;
      const shared = indexing.get(projectId) ?? indexProject(projectId).finally(() => indexing.delete(projectId));
      indexing.set(projectId, shared);
      await shared;
    }
  }

  async function indexProject(projectId: string): Promise<void> {
    log.info({ projectId }, 'building the indexes by status and by target');
    for (let after: string | null = null; ; ) {
      const page = await readPage(projectId, { first: INDEX_RECORDS, after }, [keys.projectIndex(projectId)], '');
      await indexRecords(
        projectId,
        page.items.map(({ attachment }) => attachment),
      );
      after = page.endPosition ?? page.items.at(-1)?.position ?? null;
      if (!page.hasMore || after === null) break;
    }
    await run('mark_indexed', [keys.indexed(shardOf(projectId))], [projectId]);
  }

  async function indexRecords(projectId: string, records: readonly Attachment[]): Promise<void> {
    if (records.length === 0) return;
    const entries = records.flatMap((record) => [record.id, record.version, JSON.stringify(targetEntries(record))]);
    const args = [
      keys.record(projectId, ''),
      keys.statusIndex(projectId, ''),
      keys.targetIndex(projectId, ''),
      ...entries,
    ];
    const { values } = await run('index', [keys.projectIndex(projectId), keys.channel(projectId)], args);
    const changed = await Promise.all(values.map((id) => get(projectId, String(id))));
    await indexRecords(
      projectId,
      changed.filter((record) => record !== null),
    );
  }

  async function get(projectId: string, id: string): Promise<Attachment | null> {
    const [version, json] = await orUnavailable(commands.hmget(keys.record(projectId, id), 'version', 'record'));
    return version && json ? parseRecord(version, json) : null;
  }

  /** One script's part of a page: from these indexes, complete ones only if `indexedProject` names the project. */
  async function readPage(
    projectId: string,
    options: ListOptions,
    indexes: readonly string[],
    indexedProject: string,
  ): Promise<AttachmentPage> {
    const { first, after, status } = options;
    // The script takes no status as all of them; an empty list matches none, and '' is the status of no record.
    const statuses = status?.length === 0 ? [''] : (status ?? []);
    const scanLimit = Math.max(PAGE_RECORDS, first + 1);
    const values = await runIndexed(projectId, () =>
      run(
        'list',
        [
          ...[keys.projectIndex(projectId), keys.log(projectId), keys.indexed(shardOf(projectId))],
          ...[keys.channel(projectId), ...indexes],
        ],
        [keys.record(projectId, ''), after ?? '', first, scanLimit, indexedProject, ...statuses],
      ),
    );
    return parsePage(values, options);
  }

  /** The attachment of one pair as a page. */
  async function pageOfPair(projectId: string, id: string, { after, status }: ListOptions): Promise<AttachmentPage> {
    const cursor = await lastCursor(projectId);
    const attachment = await get(projectId, id);
    const position = attachment && positionOf(attachment);
    const isMatch =
      position !== null &&
      (after === null || comparePositions(position, after) > 0) &&
      (!status || status.includes(attachment?.status as AttachmentStatus));
    const items = isMatch && attachment ? [{ position, attachment }] : [];
    return { items, hasMore: false, totalCount: null, cursor };
  }

  return {
    get,
    listForServers(projectId, serverIds, first = Number.POSITIVE_INFINITY) {
      const indexes = serverIds.map((serverId) => keys.serverIndex(projectId, serverId));
      return listEach(projectId, indexes, first);
    },
    listForShares(projectId, shareIds, first = Number.POSITIVE_INFINITY) {
      const indexes = shareIds.map((shareId) => keys.shareIndex(projectId, shareId));
      return listEach(projectId, indexes, first);
    },

    async listForTargets(projectId, targets, first) {
      if (targets.length === 0) return [];
      const indexes = targets.map((target) => keys.targetIndex(projectId, targetName(target)));
      const lists = await runIndexed(projectId, () =>
        run(
          'list_targets',
          [keys.channel(projectId), keys.indexed(shardOf(projectId)), ...indexes],
          [keys.record(projectId, ''), first, projectId, ...targets.map(({ shareId }) => shareId)],
        ),
      );
      return (lists as unknown[][]).map(parseRecords);
    },

    async list(projectId, options) {
      const { first, status, serverId, shareId } = options;
      if (serverId !== undefined && shareId !== undefined) {
        return await pageOfPair(projectId, attachmentId(serverId, shareId), options);
      }
      if (serverId === undefined && shareId === undefined) {
        const indexes = status?.length
          ? [...new Set(status)].map((one) => keys.statusIndex(projectId, one))
          : [keys.projectIndex(projectId)];
        return await readPage(projectId, options, indexes, status?.length ? projectId : '');
      }
      const index =
        serverId === undefined ? keys.shareIndex(projectId, shareId ?? '') : keys.serverIndex(projectId, serverId);
      let page = await readPage(projectId, options, [index], '');
      for (
        let scanned = PAGE_RECORDS;
        page.endPosition !== undefined && scanned < MAX_SCANNED;
        scanned += PAGE_RECORDS
      ) {
        const { items, cursor, endPosition } = page;
        const rest = { ...options, first: first - items.length, after: endPosition };
        const next = await readPage(projectId, rest, [index], '');
        page = { ...next, items: [...items, ...next.items], cursor };
      }
      return page;
    },
  };
}
