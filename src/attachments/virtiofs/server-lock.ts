/** The lock that keeps a start of a server and a POST or DELETE of its share attachments apart, which Nova does not. */
import type { AttachmentStore } from '../store/contract.ts';

/**
 * Runs `work` while no other gateway process starts the server, or asks Nova to attach or detach a share of it; null when one
 * does now. The lock ends by itself after `ms`.
 */
export async function withServerLock<T>(
  store: AttachmentStore,
  { projectId, serverId }: { projectId: string; serverId: string },
  { owner, ms }: { owner: string; ms: number },
  work: () => Promise<T>,
): Promise<{ value: T } | null> {
  const key = `server:${serverId}`;
  if (!(await store.lockTarget(projectId, key, owner, ms))) return null;
  try {
    return { value: await work() };
  } finally {
    await store.unlockTarget(projectId, key, owner);
  }
}
