/** What Nova and Manila show of a virtiofs attachment. */
import { OpenStackError } from '../../openstack/errors.ts';
import { getShare } from '../../openstack/manila/client.ts';
import type { AccessRule } from '../../openstack/manila/types.ts';
import { getServer } from '../../openstack/nova/client.ts';
import { getInstanceAction, getServerShare } from '../../openstack/nova/shares.ts';
import type { InstanceAction } from '../../openstack/nova/types.ts';
import type { Session } from '../../openstack/session.ts';
import type { Attachment } from '../attachment.ts';
import { isBeingDenied } from '../reconcile/decide.ts';
import { readRules } from '../rule-lists.ts';
import { isMasked } from '../rule-metadata.ts';
import type { ObservedAction, ObservedMapping, VirtiofsObservation } from './decide.ts';

/**
 * Reads what the next decision needs: Nova's mapping, which costs one request; the server, the share and its access rules
 * where something may have to be posted or deleted; the instance action of the last change where only that tells how it went.
 * Rejects with an OpenStackError. A 403 on the mapping is `not_visible`: it says nothing of whether it is there.
 */
export async function observeVirtiofs(
  session: Session,
  record: Attachment,
  { observesServer }: { observesServer: boolean },
): Promise<VirtiofsObservation> {
  const mapping = await observeMapping(session, record);
  const mayChange = mapping === 'none' || (typeof mapping === 'object' && mapping.status === 'error');
  const isStarting = record.status === 'attaching' && mapping === 'none';
  const asksServer = observesServer || mayChange || (record.status === 'detaching' && !record.isAccepted);
  const asksShare = isStarting || record.status === 'attached' || record.status === 'error_attaching';
  const asksAction = mapping === 'not_visible' || (typeof mapping === 'object' && mapping.status === 'error');
  const [server, share, rules, action] = await Promise.all([
    asksServer ? getServer(session, record.serverId) : undefined,
    asksShare ? getShare(session, record.shareId) : undefined,
    isStarting ? readRules(session, record.shareId) : [],
    asksAction ? observeAction(session, record) : null,
  ]);
  return {
    server: server === undefined ? 'not_asked' : server ? 'present' : 'gone',
    vmState: server?.['OS-EXT-STS:vm_state'] ?? null,
    taskState: server?.['OS-EXT-STS:task_state'] ?? null,
    share: share === null ? 'gone' : 'present',
    mapping,
    isRuleLeaving: (rules ?? []).some(isMaskedAndLeaving),
    action,
  };
}

/** Nova's mapping of the pair, as far as policy shows it. Rejects with an OpenStackError other than 403 and 404. */
export async function observeMapping(
  session: Session,
  { serverId, shareId }: Pick<Attachment, 'serverId' | 'shareId'>,
): Promise<ObservedMapping> {
  try {
    return (await getServerShare(session, serverId, shareId)) ?? 'none';
  } catch (error) {
    if (error instanceof OpenStackError && error.status === 403) return 'not_visible';
    throw error;
  }
}

function isMaskedAndLeaving(rule: AccessRule): boolean {
  return isMasked(rule) && isBeingDenied(rule.state);
}

/** How Nova's work on the last POST or DELETE went; null where its request id is unknown, or Nova does not say. */
export async function observeAction(
  session: Session,
  { serverId, virtiofs }: Attachment,
): Promise<ObservedAction | null> {
  const requestId = virtiofs?.openstackRequestId;
  if (!requestId) return null;
  const action = await getInstanceAction(session, serverId, requestId).catch((error: unknown) => {
    if (error instanceof OpenStackError && error.status === 403) return null;
    throw error;
  });
  return action && outcomeOf(action);
}

function outcomeOf({ events = [], message }: InstanceAction): ObservedAction {
  const failed = events.find(({ result }) => result === 'Error');
  if (failed || message !== null) return { result: 'error', details: failed?.details ?? null };
  const isDone = events.length > 0 && events.every(({ result }) => result === 'Success');
  return { result: isDone ? 'success' : 'running', details: null };
}
