/** What is refused before anything is written or granted. */
import { GatewayError } from '../errors.ts';
import type { Share } from '../openstack/manila/types.ts';
import type { NovaServer } from '../openstack/nova/types.ts';
import type { Attachment } from './attachment.ts';
import type { Observation } from './reconcile/decide.ts';

/** Servers that cannot be given anything, as Nova's own volume attach refuses them. */
const UNUSABLE_SERVERS = new Set(['BUILD', 'DELETED', 'ERROR', 'SOFT_DELETED', 'UNKNOWN']);

/** Throws CONFLICT for a server or a share that nothing can be attached to. */
export function checkUsable(server: NovaServer, share: Share): void {
  if (UNUSABLE_SERVERS.has(server.status)) {
    throw new GatewayError(
      'CONFLICT',
      `Server ${server.id} is ${server.status}: expected one that is built and not deleted`,
    );
  }
  if (share.is_soft_deleted) throw new GatewayError('CONFLICT', `Share ${share.id} is in the recycle bin`);
  if (share.status !== 'available') {
    throw new GatewayError('CONFLICT', `Share ${share.id} is ${share.status}: expected available`);
  }
}

/** Throws CONFLICT for a rule that is there with another access level: before the intent is recorded, so that nothing is left behind. */
export function checkLevels(record: Attachment, seen: Observation): void {
  for (const [i, rule] of seen.rules.entries()) {
    if (!rule || rule.level === record.accessLevel || rule.state?.includes('deny')) continue;
    const to = record.targets[i]?.accessTo;
    throw new GatewayError(
      'CONFLICT',
      `Share ${record.shareId} has an access rule for ${to} with level ${rule.level}, expected ${record.accessLevel}: rule ${rule.id}`,
    );
  }
}

/** Throws CONFLICT for an attachment that is there with other arguments. */
export function assertSameRequest(
  existing: Attachment,
  wish: Pick<Attachment, 'mountPoint' | 'accessLevel' | 'requestedAccessTo'>,
): void {
  for (const name of ['mountPoint', 'accessLevel', 'requestedAccessTo'] as const) {
    const is = JSON.stringify(existing[name]);
    const asks = JSON.stringify(wish[name]);
    if (is === asks) continue;
    const argument = name === 'requestedAccessTo' ? 'accessTo' : name;
    throw new GatewayError(
      'CONFLICT',
      `The share is attached already with ${argument} ${is}, got ${asks}: detach it first`,
    );
  }
}
