/** Every Redis key and channel is spelled here and nowhere else. Imports no package. */

/** Number of shards: a project's shard is `crc16(projectId) mod SHARDS`, and each shard is one slot of a cluster. */
export const SHARDS = 256;

/** The keys below one prefix. */
export type Keys = ReturnType<typeof createKeys>;

/**
 * Makes the functions that spell keys. All keys of a project carry the hash tag of its shard, `{p<shard>}`: Redis
 * Cluster keeps them in one slot, so that one script may touch them all. A prefix with
 * braces of its own would put everything into one slot.
 */
export function createKeys(prefix: string) {
  const shardKey = (shard: number, name: string) => `${prefix}{p${shard}}:${name}`;
  const key = (projectId: string, name: string) => shardKey(shardOf(projectId), `${name}:${projectId}`);
  return {
    /**
     * Hash: `version`, `record` (JSON), `status`, `position`, `mount_point`, `owner` and `until` of the lease,
     * `targets` (JSON): its entries in the indexes by target.
     */
    record: (projectId: string, id: string) => `${key(projectId, 'record')}:${id}`,
    /** Sorted set of positions, all of score 0 (a lexicographic index): the attachments of the project. */
    projectIndex: (projectId: string) => key(projectId, 'attachments'),
    /** Sorted set of positions, all of score 0: the attachments of one server. */
    serverIndex: (projectId: string, serverId: string) => `${key(projectId, 'server')}:${serverId}`,
    /** Sorted set of positions, all of score 0: the attachments of one share. */
    shareIndex: (projectId: string, shareId: string) => `${key(projectId, 'share')}:${shareId}`,
    /** Sorted set of positions, all of score 0: the attachments of one status. */
    statusIndex: (projectId: string, status: string) => `${key(projectId, 'status')}:${status}`,
    /**
     * Sorted set of positions without the share: the attachments that have a target, by its name (targets.ts). Score 0:
     * those that hold it; 1: those that no longer do.
     */
    targetIndex: (projectId: string, name: string) => `${key(projectId, 'target')}:${name}`,
    /** Set of a shard: the projects whose records are all in the indexes by status and by target. */
    indexed: (shard: number) => shardKey(shard, 'indexed'),
    /** Hash: mount point -> attachment id, of one server. */
    mountPoints: (projectId: string, serverId: string) => `${key(projectId, 'mounts')}:${serverId}`,
    /** Hash: `version`, `record` (JSON), `share`, `owner` and `until` of the lease: an operation on a share. */
    shareOperation: (projectId: string, id: string) => `${key(projectId, 'share-operation')}:${id}`,
    /** Set: the ids of the project's operations on shares. */
    shareOperations: (projectId: string) => key(projectId, 'share-operations'),
    /** Hash: share id -> operation id. */
    operationsByShare: (projectId: string) => key(projectId, 'operations-by-share'),
    /** Sorted set of a shard: `<project id> <id of an attachment or of an operation on a share>` by when it is due, ms of Redis' clock. */
    due: (shard: number) => shardKey(shard, 'due'),
    /** Set of a shard: the projects that have attachments. */
    projects: (shard: number) => shardKey(shard, 'projects'),
    /** Set of a shard: the projects whose log has events after their checkpoint. */
    pending: (shard: number) => shardKey(shard, 'news'),
    /** String: the id with which the gateways of this store mark the access rules they make. One for all projects. */
    storeId: () => shardKey(0, 'deployment'),
    /** String: the key that signs the metadata of these rules. One for all projects. */
    signingKey: () => shardKey(0, 'signing-key'),
    /** String, expiring: when the server's guest last read its list of mounts. */
    guestSeen: (projectId: string, serverId: string) => `${key(projectId, 'seen')}:${serverId}`,
    /** Sorted set: `<project id> <server id> <share id>` by when the server's attachment was removed. One for all projects. */
    deletedMappings: () => shardKey(0, 'deleted-mappings'),
    /** String: the cloud that the store belongs to, as describeCloud writes it. */
    cloud: () => shardKey(0, 'cloud'),
    /** Stream: field `event` (JSON). Its entry ids are the cursors. */
    log: (projectId: string) => key(projectId, 'log'),
    /** Sharded channel: `<cursor> <cursor before> <event as JSON>`. */
    channel: (projectId: string) => key(projectId, 'events'),
    /** String with the owner, expiring. */
    targetLock: (projectId: string, target: string) => `${key(projectId, 'lock')}:${target}`,
    /** String: the cursor up to which the project's log is published on the message bus. */
    checkpoint: (projectId: string) => key(projectId, 'bookmark'),
    /** String: the run id of the Redis process that had the project's records when they were last recovered. */
    recovered: (projectId: string) => key(projectId, 'known'),
  };
}

/** A record's member in its shard's due set. Neither Keystone's ids nor attachment ids contain a space. */
export function dueMember(projectId: string, id: string): string {
  return `${projectId} ${id}`;
}

/** The inverse of dueMember. */
export function parseDueMember(member: string): { projectId: string; id: string } {
  const space = member.indexOf(' ');
  return { projectId: member.slice(0, space), id: member.slice(space + 1) };
}

/** The shard of a project, 0 to SHARDS - 1. */
export function shardOf(projectId: string): number {
  return crc16(new TextEncoder().encode(projectId)) % SHARDS;
}

/** CRC16 as Redis Cluster computes it (XMODEM: polynomial 0x1021, start 0); Redis Cluster specification, appendix A. */
export function crc16(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : (crc << 1) & 0xffff;
  }
  return crc;
}
