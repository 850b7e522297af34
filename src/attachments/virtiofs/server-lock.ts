/** The lock that keeps a start of a server and a POST or DELETE of its share attachments apart, which Nova does not. */
import type { AttachmentStore } from '../store/contract.ts';

/** How long after one call's timeout a request without an answer may still take effect in Nova, in ms. */
export const LANDS_MS = 60_000;

interface OfServer {
  projectId: string;
  serverId: string;
}

/**
 * Runs `work` while no other gateway process starts the server, or asks Nova to attach or detach a share of it; null when one
 * does now. The lock ends by itself after `ms`.
 */
export async function withServerLock<T>(
  store: AttachmentStore,
  { projectId, serverId }: OfServer,
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

/** The owner of the mark below: any start may renew it, and no change takes it. */
const STARTER = 'start';

/** Notes a start whose answer may be lost, for as long as it may still land: no share is attached or detached meanwhile. */
export async function markStarting(
  store: AttachmentStore,
  { projectId, serverId }: OfServer,
  timeoutMs: number,
): Promise<void> {
  await store.lockTarget(projectId, `start:${serverId}`, STARTER, LANDS_MS + timeoutMs);
}

/** Ends the mark when the answer to the start is there. */
export async function unmarkStarting(store: AttachmentStore, { projectId, serverId }: OfServer): Promise<void> {
  await store.unlockTarget(projectId, `start:${serverId}`, STARTER);
}

/** Whether a start without an answer may still land. To be called under the server's lock. */
export async function isStarting(store: AttachmentStore, { projectId, serverId }: OfServer): Promise<boolean> {
  const [key, owner] = [`start:${serverId}`, 'change'];
  if (!(await store.lockTarget(projectId, key, owner, LANDS_MS))) return true;
  await store.unlockTarget(projectId, key, owner);
  return false;
}
