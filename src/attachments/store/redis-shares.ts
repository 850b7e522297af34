import { type Commands, orUnavailable } from '../../redis/connection.ts';
import type { NewShareEvent, ShareOperation } from '../shares/operation.ts';
import type { WriteConflict } from './contract.ts';
import { dueMember, type Keys, shardOf } from './keys.ts';
import type { Reply, RunScript } from './scripts.ts';
import { compareOperations, MAX_SHARE_OPERATIONS, type ShareOperationStore } from './share-operations.ts';

interface SharesOptions {
  commands: Commands;
  keys: Keys;
  run: RunScript;
  /** Number of events that a project's log keeps. */
  logLength: number;
}

/** The operations on shares in Redis: typed functions over the scripts share_create, share_commit, claim and release. */
export function createRedisShareOperations({ commands, keys, run, logLength }: SharesOptions): ShareOperationStore {
  const dueKey = (projectId: string) => keys.due(shardOf(projectId));
  const allKeys = ({ projectId, id }: ShareOperation) => [
    keys.shareOperation(projectId, id),
    keys.shareOperations(projectId),
    keys.operationsByShare(projectId),
    dueKey(projectId),
    keys.log(projectId),
    keys.channel(projectId),
    keys.pending(shardOf(projectId)),
  ];

  async function get(projectId: string, id: string): Promise<ShareOperation | null> {
    const [version, json] = await orUnavailable(
      commands.hmget(keys.shareOperation(projectId, id), 'version', 'record'),
    );
    return version && json ? parseOperation(version, json) : null;
  }

  return {
    async create(operation, event, { owner, ms }) {
      const { id, projectId, shareId } = operation;
      const { status, values } = await run('share_create', allKeys(operation), [
        ...[id, shareId ?? '', JSON.stringify({ ...operation, version: 1 }), owner, ms, dueMember(projectId, id)],
        ...[eventText(event, 1), logLength, projectId, keys.shareOperation(projectId, ''), MAX_SHARE_OPERATIONS],
      ]);
      if (status === 'full') return { outcome: 'full' };
      if (status === 'exists') {
        return { outcome: 'exists', operation: parseOperation(String(values[0]), String(values[1])) };
      }
      return { outcome: 'created', operation: { ...structuredClone(operation), version: 1 } };
    },

    async commit(operation, { event, dueInMs, owner = '', keepLease = false }) {
      const { id, projectId, shareId, version } = operation;
      const { status } = await run('share_commit', allKeys(operation), [
        ...[version, owner, keepLease ? 1 : 0, JSON.stringify(operation), id, shareId ?? ''],
        ...[dueInMs, dueMember(projectId, id), eventText(event, version + 1), logLength, projectId],
      ]);
      return isConflict(status) ? status : { ...structuredClone(operation), version: version + 1 };
    },

    async remove(operation, { event, owner = '' }) {
      const { id, projectId, shareId, version } = operation;
      const { status } = await run('share_commit', allKeys(operation), [
        ...[version, owner, 0, '', id, shareId ?? ''],
        ...[0, dueMember(projectId, id), eventText(event, version + 1), logLength, projectId],
      ]);
      return isConflict(status) ? status : 'removed';
    },

    async claim(projectId, id, { owner, ms }) {
      const args = [owner, ms, dueMember(projectId, id)];
      const { status, values } = await run('claim', [keys.shareOperation(projectId, id), dueKey(projectId)], args);
      return status === 'gone' || status === 'held' ? status : parseOperation(String(values[0]), String(values[1]));
    },

    async release(projectId, id, owner, dueInMs) {
      const args = [owner, dueInMs, dueMember(projectId, id)];
      await run('release', [keys.shareOperation(projectId, id), dueKey(projectId)], args);
    },

    get,

    async ofShares(projectId, shareIds) {
      if (shareIds.length === 0) return [];
      const ids = await orUnavailable(commands.hmget(keys.operationsByShare(projectId), ...shareIds));
      return await Promise.all(ids.map((id) => (id ? get(projectId, id) : null)));
    },

    async list(projectId) {
      const ids = await orUnavailable(commands.smembers(keys.shareOperations(projectId)));
      const found = await Promise.all(ids.map((id) => get(projectId, id)));
      return found.filter((operation) => operation !== null).sort(compareOperations);
    },
  };
}

function parseOperation(version: string, json: string): ShareOperation {
  return { ...(JSON.parse(json) as ShareOperation), version: Number(version) };
}

function eventText(event: NewShareEvent | undefined, version: number): string {
  return event ? JSON.stringify({ ...event, operation: { ...event.operation, version } }) : '';
}

function isConflict(status: Reply['status']): status is WriteConflict {
  return status === 'gone' || status === 'stale';
}
