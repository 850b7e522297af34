/** What is rejected before anything is written or granted. */
import { GatewayError } from '../errors.ts';
import type { Share } from '../openstack/manila/types.ts';
import type { NovaServer } from '../openstack/nova/types.ts';
import type { Attachment } from './attachment.ts';
import { isBeingDenied, type Observation } from './reconcile/decide.ts';

/** Statuses of servers to which nothing can be attached, as for Nova's own volume attach. */
const UNUSABLE_SERVERS = new Set(['BUILD', 'DELETED', 'ERROR', 'SOFT_DELETED', 'UNKNOWN']);

/**
 * The canonical form of a mount point, without doubled or trailing slashes: an absolute POSIX path of at most 255
 * characters without `..` or control characters. Throws BAD_USER_INPUT.
 */
export function checkMountPoint(path: string): string {
  const isValid =
    path.startsWith('/') && path.length <= 255 && !/\p{Cc}/u.test(path) && !path.split('/').includes('..');
  const canonical = `/${path
    .split('/')
    .filter((part) => part && part !== '.')
    .join('/')}`;
  if (isValid && canonical !== '/') return canonical;
  const got = JSON.stringify(path.slice(0, 300));
  throw new GatewayError(
    'BAD_USER_INPUT',
    `mountPoint: expected an absolute path below / of at most 255 characters without "..", got ${got}`,
  );
}

/** Throws CONFLICT for a server or a share to which nothing can be attached. */
export function checkUsable(server: NovaServer, share: Share): void {
  const conflict = unusableReason(server, share);
  if (conflict) throw new GatewayError('CONFLICT', conflict);
}

/** Whether a share can be attached to a server in their present states. */
export function isUsable(server: NovaServer, share: Share): boolean {
  return unusableReason(server, share) === null;
}

function unusableReason(server: NovaServer, share: Share): string | null {
  if (UNUSABLE_SERVERS.has(server.status)) {
    return `Server ${server.id} is ${server.status}: expected one that is built and not deleted`;
  }
  if (share.is_soft_deleted) return `Share ${share.id} is in the recycle bin`;
  return share.status === 'available' ? null : `Share ${share.id} is ${share.status}: expected available`;
}

/**
 * Throws CONFLICT for an existing rule with another access level. Called before the intent is recorded, so that nothing
 * is left behind.
 */
export function checkLevels(record: Attachment, observed: Observation): void {
  for (const [i, rule] of observed.rules.entries()) {
    if (!rule || rule.level === record.accessLevel || isBeingDenied(rule.state)) continue;
    const accessTo = record.targets[i]?.accessTo;
    throw new GatewayError(
      'CONFLICT',
      `Share ${record.shareId} has an access rule for ${accessTo} with level ${rule.level}, ` +
        `expected ${record.accessLevel}: rule ${rule.id}`,
    );
  }
}

/** Throws CONFLICT for an existing attachment with other arguments. */
export function assertSameRequest(
  existing: Attachment,
  desired: Pick<Attachment, 'mountPoint' | 'accessLevel' | 'requestedAccessTo'>,
): void {
  for (const name of ['mountPoint', 'accessLevel', 'requestedAccessTo'] as const) {
    const is = JSON.stringify(existing[name]);
    const asked = JSON.stringify(desired[name]);
    if (is === asked) continue;
    const argument = name === 'requestedAccessTo' ? 'accessTo' : name;
    throw new GatewayError(
      'CONFLICT',
      `The share is attached already with ${argument} ${is}, got ${asked}: detach it first`,
    );
  }
}
