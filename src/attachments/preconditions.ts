/** What is rejected before anything is written or granted. */
import { GatewayError } from '../errors.ts';
import type { AccessRule } from '../openstack/manila/types.ts';
import { ATTACHABLE_PROTOCOLS, isSameTarget, MAX_TARGETS } from './access-targets.ts';
import type { Attachment } from './attachment.ts';
import { LOCKS_SINCE, type ObservedState, type Recorded, viaOf } from './observed-state.ts';
import { certain, likely, type Problem } from './problems.ts';
import { isBeingDenied } from './reconcile/decide.ts';
import { followsAddresses, isStale } from './retarget.ts';
import type { AttachRequest } from './service.ts';

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

/** What forbids attaching in any way: the state of the server, and of the share. */
export function usabilityProblems({ server, share }: ObservedState): Problem[] {
  const problems: Problem[] = [];
  if (UNUSABLE_SERVERS.has(server.status)) {
    const message = `Server ${server.id} is ${server.status}: expected one that is built and not deleted`;
    problems.push(certain('SERVER_STATE', message, 'serverId'));
  }
  if (share.is_soft_deleted) {
    problems.push(certain('SHARE_IN_RECYCLE_BIN', `Share ${share.id} is in the recycle bin`, 'shareId'));
  } else if (share.status !== 'available') {
    problems.push(certain('SHARE_STATE', `Share ${share.id} is ${share.status}: expected available`, 'shareId'));
  }
  return problems;
}

/** Another attachment of the server that has the mount point. The store's own check decides: this one is for the user. */
export function mountPointProblems(
  { server }: ObservedState,
  { others }: Recorded,
  { mountPoint }: AttachRequest,
): Problem[] {
  const holder = mountPoint === null ? undefined : others.find((other) => other.mountPoint === mountPoint);
  if (!holder) return [];
  return [certain('MOUNT_POINT_TAKEN', mountPointTaken(server.id, mountPoint, holder.shareId), 'mountPoint')];
}

export function mountPointTaken(serverId: string, mountPoint: string | null, shareId: string | undefined): string {
  return `mountPoint ${mountPoint} is taken on server ${serverId} by share ${shareId}`;
}

/** What the caller's roles will probably not allow: policies differ between clouds and releases. */
export function roleProblems({ identity }: ObservedState): Problem[] {
  const isReader = identity.roles.length > 0 && identity.roles.every((role) => role === 'reader');
  return isReader ? [likely('ROLE', 'The token has only the role reader, which most clouds let change nothing')] : [];
}

/** What makes the server's access by rules impossible or doubtful. */
export function accessRuleProblems(observed: ObservedState, recorded: Recorded, request: AttachRequest): Problem[] {
  const { existing } = recorded;
  const ofArguments = [
    ...protocolProblems(observed),
    ...(request.tag ? [certain('ARGUMENT', 'tag: expected none with ACCESS_RULE: it is for VIRTIOFS', 'tag')] : []),
    ...otherAttachmentProblems(observed, recorded, request),
  ];
  if (existing && isCarriedOut(existing, observed)) return ofArguments;
  const desired = desiredTargets(observed);
  return [
    ...ofArguments,
    ...usabilityProblems(observed),
    // the rules of an existing attachment are its own: they follow the server's addresses, as long as there are some
    ...(existing && desired.length === 0 ? [] : targetProblems(observed, desired)),
    ...mountPointProblems(observed, recorded, request),
    ...(existing ? [] : ruleProblems(observed, request, desired)),
    ...lockProblems(observed, request),
    ...exportProblems(observed, desired),
    ...roleProblems(observed),
  ];
}

/**
 * Whether a repeated request returns the attachment as it is: one that is being attached, or is attached with the right
 * rules, whatever has become of the server or the share since.
 */
export function isCarriedOut(existing: Attachment, observed: ObservedState): boolean {
  if (existing.status === 'attaching') return true;
  if (existing.status !== 'attached') return false;
  const addresses = followsAddresses(existing) ? observed.addresses?.addresses : undefined;
  const isCurrent = existing.staleSince === null && (!addresses || !isStale(existing, addresses));
  return isCurrent || usabilityProblems(observed).length > 0;
}

function protocolProblems({ share, accessType }: ObservedState): Problem[] {
  if (accessType !== null) return [];
  const expected = ATTACHABLE_PROTOCOLS.join(', ');
  return [certain('PROTOCOL', `Share ${share.id} is ${share.share_proto}: expected one of ${expected}`, 'shareId')];
}

/** An attachment of the pair by the other way, or with other arguments. */
export function otherAttachmentProblems(
  observed: ObservedState,
  { existing }: Recorded,
  request: AttachRequest,
): Problem[] {
  const message = existing && differenceFrom(existing, observed, request);
  return message ? [certain('ATTACHED_OTHERWISE', message, 'via')] : [];
}

function targetProblems(
  { server, share, accessType, requestedAccessTo, addresses }: ObservedState,
  desired: string[],
): Problem[] {
  if (accessType === null) return [];
  if (accessType === 'user' && requestedAccessTo === null) {
    const message = `Share ${share.id} is CIFS: accessTo must name the user to grant access`;
    return [certain('NO_ADDRESS', message, 'accessTo')];
  }
  if (desired.length === 0) {
    return [certain('NO_ADDRESS', `Server ${server.id} has no fixed IPv4 address: give accessTo`, 'accessTo')];
  }
  if (desired.length > MAX_TARGETS) {
    const message =
      `Server ${server.id} has ${desired.length} fixed IPv4 addresses, more than the ${MAX_TARGETS} of one attachment: ` +
      'give accessTo with those that mount the share, or a network';
    return [certain('NO_ADDRESS', message, 'accessTo')];
  }
  if (addresses?.isOnShareNetwork !== false) return [];
  const message =
    `Server ${server.id} has no address on the network of share ${share.id}: ` +
    'it can mount the share only through a router between its networks and that one';
  return [likely('NOT_ON_SHARE_NETWORK', message, 'serverId')];
}

function ruleProblems(
  { share, rules, accessType }: ObservedState,
  { accessLevel }: AttachRequest,
  desired: string[],
): Problem[] {
  return desired.flatMap((accessTo) => {
    const isForTarget = (one: AccessRule) =>
      accessType !== null && one.access_type === accessType && isSameTarget(accessType, one.access_to, accessTo);
    const rule = (rules ?? []).find(isForTarget);
    if (!rule) return [];
    if (isBeingDenied(rule.state)) {
      const message = `The access rule for ${accessTo} is being denied: the new one is granted when it is gone`;
      return [likely('RULE_LEAVING', message)];
    }
    if (rule.access_level === accessLevel) return [];
    const message =
      `Share ${share.id} has an access rule for ${accessTo} with level ${rule.access_level}, ` +
      `expected ${accessLevel}: rule ${rule.id}`;
    return [certain('LEVEL_CONFLICT', message, 'accessLevel')];
  });
}

function lockProblems(
  { hasLocks, manilaMicroversion }: ObservedState,
  { isProtected, isHidden }: AttachRequest,
): Problem[] {
  if (hasLocks || !(isProtected || isHidden)) return [];
  const message = `Locks on access rules need Manila ${LOCKS_SINCE} (2023.2), and the cloud has ${manilaMicroversion}`;
  return [certain('CLOUD', message, isProtected ? 'isProtected' : 'isHidden')];
}

function exportProblems({ share, locations }: ObservedState, desired: string[]): Problem[] {
  if (locations === null) return [];
  if (locations.length === 0) {
    const message = `Share ${share.id} has no export location yet: the attachment waits for one`;
    return [likely('NO_EXPORT_LOCATION', message, 'shareId')];
  }
  const isIPv4Only = share.share_proto.toUpperCase() === 'NFS' && locations.every(({ path }) => isIPv4Export(path));
  const target = desired.find((accessTo) => accessTo.includes(':'));
  if (!isIPv4Only || target === undefined) return [];
  const message = `Share ${share.id} is exported from IPv4 addresses only: a client with the address ${target} cannot mount it`;
  return [likely('IPV6_RULE', message, 'accessTo')];
}

/** Whether an NFS export's host is an IPv4 address; a name may resolve to both. */
function isIPv4Export(path: string): boolean {
  return /^\d{1,3}(\.\d{1,3}){3}:/.test(path);
}

/** Whom access would be granted by rules: as requested, else as the protocol and the server's addresses say. */
export function desiredTargets({ server, accessType, requestedAccessTo, addresses }: ObservedState): string[] {
  if (requestedAccessTo !== null) return requestedAccessTo;
  return accessType === 'cephx' ? [`srv-${server.id}`] : [...(addresses?.addresses ?? [])];
}

/** Why an existing attachment is not the requested one; null when it is. */
function differenceFrom(existing: Attachment, observed: ObservedState, request: AttachRequest): string | null {
  const via = existing.via ?? 'access_rule';
  if (via !== viaOf(request)) {
    const how = via === 'virtiofs' ? 'VIRTIOFS' : 'ACCESS_RULE';
    return `The share is attached already via ${how}: detach it first`;
  }
  const is = argumentsOf(existing);
  const asked = argumentsOf({
    ...request,
    requestedAccessTo: observed.requestedAccessTo,
    virtiofs: via === 'virtiofs' ? { tag: request.tag ?? existing.virtiofs?.tag } : undefined,
  });
  const name = (Object.keys(is) as (keyof typeof is)[]).find((one) => is[one] !== asked[one]);
  return name ? `The share is attached already with ${name} ${is[name]}, got ${asked[name]}: detach it first` : null;
}

function argumentsOf(one: {
  mountPoint: string | null;
  accessLevel: string;
  requestedAccessTo: readonly string[] | null;
  virtiofs?: { tag: string | undefined } | undefined;
  isProtected?: boolean | undefined;
  isHidden?: boolean | undefined;
}) {
  return {
    mountPoint: JSON.stringify(one.mountPoint),
    accessLevel: JSON.stringify(one.accessLevel),
    accessTo: JSON.stringify(one.requestedAccessTo),
    tag: JSON.stringify(one.virtiofs?.tag),
    isProtected: String(one.isProtected ?? false),
    isHidden: String(one.isHidden ?? false),
  };
}
