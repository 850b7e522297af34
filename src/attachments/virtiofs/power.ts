/** Start, stop and reboot a server, with the protection that Nova lacks: a start during an attach ends in ERROR. */
import { randomUUID } from 'node:crypto';
import { GatewayError } from '../../errors.ts';
import { OpenStackError } from '../../openstack/errors.ts';
import { getServer } from '../../openstack/nova/client.ts';
import { hasServerShares, type PowerAction, powerServer as requestPower } from '../../openstack/nova/shares.ts';
import type { NovaServer } from '../../openstack/nova/types.ts';
import type { Session } from '../../openstack/session.ts';
import { isInProgress } from '../attachment.ts';
import { type CommandOptions, untilFree } from '../command.ts';
import { observeMappings } from '../observed-state.ts';
import { markStarting, unmarkStarting, withServerLock } from './server-lock.ts';

export interface PowerRequest {
  serverId: string;
  action: 'start' | 'stop' | 'soft_reboot' | 'hard_reboot';
}

export interface PowerResult {
  /** After the request. */
  server: NovaServer;
  /** Nova's id of the request, which its instance action has too. */
  openstackRequestId: string | null;
}

const ACTIONS: Record<PowerRequest['action'], PowerAction> = {
  start: { 'os-start': null },
  stop: { 'os-stop': null },
  soft_reboot: { reboot: { type: 'SOFT' } },
  hard_reboot: { reboot: { type: 'HARD' } },
};

/**
 * Asks Nova with the caller's token, and gives the server as it is then: the work follows. What starts the guest is rejected
 * while a share is being attached or detached.
 * @throws NOT_FOUND, CONFLICT, OpenStackError
 */
export async function powerServer(
  options: CommandOptions,
  session: Session,
  { serverId, action }: PowerRequest,
): Promise<PowerResult> {
  const server = await getServer(session, serverId);
  if (!server) throw new GatewayError('NOT_FOUND', `Server ${serverId} does not exist in your project`);
  const request = () => requestPower(session, serverId, ACTIONS[action]);
  const openstackRequestId = action === 'stop' ? await request() : await guarded(options, session, server, request);
  return { server: (await getServer(session, serverId)) ?? server, openstackRequestId };
}

async function guarded(
  { store }: CommandOptions,
  session: Session,
  server: NovaServer,
  request: () => Promise<string | null>,
): Promise<string | null> {
  const pair = { projectId: server.tenant_id, serverId: server.id };
  const lock = { owner: randomUUID(), ms: 3 * session.cloud.settings.timeoutMs };
  const done = await untilFree(`of server ${server.id}`, () =>
    withServerLock(store, pair, lock, async () => {
      const [inProgress] = await sharesInProgress(store, session, server);
      if (inProgress === undefined) return await requestMarked(store, session, pair, request);
      const message = `Share ${inProgress} is being attached to server ${server.id} or detached from it: a start now would end in ERROR`;
      throw new GatewayError('CONFLICT', message);
    }),
  );
  return done.value;
}

/** The mark is there before the request, and stays when its answer is lost: then, or after a crash, it may land later. */
async function requestMarked<T>(
  store: CommandOptions['store'],
  session: Session,
  pair: { projectId: string; serverId: string },
  request: () => Promise<T>,
): Promise<T> {
  await markStarting(store, pair, session.cloud.settings.timeoutMs);
  try {
    const answer = await request();
    await unmarkStarting(store, pair);
    return answer;
  } catch (error) {
    if (error instanceof OpenStackError && error.outcome !== 'uncertain') await unmarkStarting(store, pair);
    throw error;
  }
}

/** The shares that are being attached or detached by virtiofs, through this gateway or another client. */
async function sharesInProgress(
  store: CommandOptions['store'],
  session: Session,
  { id, tenant_id: projectId }: NovaServer,
): Promise<string[]> {
  const { isSupported } = await hasServerShares(session);
  if (!isSupported) return [];
  const [[records = []], mappings] = await Promise.all([
    store.listForServers(projectId, [id]),
    observeMappings(session, id),
  ]);
  const own = records.filter(({ via, status }) => via === 'virtiofs' && isInProgress(status));
  const inNova = mappings === 'not_visible' ? [] : mappings.filter(({ status }) => /^(at|de)taching$/.test(status));
  return [...own.map(({ shareId }) => shareId), ...inNova.map(({ share_id: shareId }) => shareId)];
}
