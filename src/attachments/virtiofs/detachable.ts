/** What is rejected before a virtiofs attachment becomes `detaching`: Nova would refuse it, or damage the server. */
import { GatewayError } from '../../errors.ts';
import { getServer } from '../../openstack/nova/client.ts';
import type { Session } from '../../openstack/session.ts';
import type { Attachment } from '../attachment.ts';
import { isDeletable, notStopped } from './decide.ts';
import { observeMapping } from './observe.ts';

/**
 * Throws unless Nova would detach the share now: CONFLICT while the server runs or is busy, which Nova itself checks only in
 * part; FORBIDDEN when policy hides the mapping from the caller. What is gone or on its way out may be detached.
 */
export async function assertDetachable(
  session: Session,
  record: Pick<Attachment, 'serverId' | 'shareId'>,
): Promise<void> {
  const { serverId, shareId } = record;
  const [mapping, server] = await Promise.all([observeMapping(session, record), getServer(session, serverId)]);
  if (!server || mapping === 'none') return;
  if (mapping === 'not_visible') {
    const message = `Nova's policy hides the attachment of share ${shareId} to server ${serverId} from this token`;
    throw new GatewayError('FORBIDDEN', message, { service: 'nova', status: 403 });
  }
  const state = {
    vmState: server['OS-EXT-STS:vm_state'] ?? null,
    taskState: server['OS-EXT-STS:task_state'] ?? null,
  };
  if (mapping.status !== 'detaching' && !isDeletable(state)) throw new GatewayError('CONFLICT', notStopped(state));
}
