/** What the checks before an attach look at: the server, the share, and what is attached already. */
import { GatewayError } from '../errors.ts';
import { OpenStackError } from '../openstack/errors.ts';
import { isAtLeast, supportedMicroversion } from '../openstack/http/microversions.ts';
import { listExportLocations } from '../openstack/manila/client.ts';
import type { AccessRule, ExportLocation, Share } from '../openstack/manila/types.ts';
import { hasServerShares, listServerShares } from '../openstack/nova/shares.ts';
import type { NovaServer, ServerShare } from '../openstack/nova/types.ts';
import { MANILA } from '../openstack/services.ts';
import type { Identity, Session } from '../openstack/session.ts';
import { type AddressesFound, accessTypeOf, findAddresses, requestedTargets } from './access-targets.ts';
import { type AccessType, type Attachment, type AttachVia, attachmentId } from './attachment.ts';
import { directReads, type Reads } from './reads.ts';
import type { AttachRequest } from './service.ts';
import type { AttachmentStore } from './store/contract.ts';

/** The first Manila with locks on access rules (manila 17.0.0, api/v2/shares.py). */
export const LOCKS_SINCE = '2.82';

/** What Nova has attached to the server; `not_visible`: policy hides it; `not_supported`: the cloud is older than 2.97. */
export type ObservedMappings = readonly ServerShare[] | 'not_visible' | 'not_supported';

/** What Nova and Manila show of a pair, before the store is asked. */
export interface ObservedState {
  readonly identity: Identity;
  readonly server: NovaServer;
  readonly share: Share;
  readonly rules: readonly AccessRule[] | null;
  /** null: the protocol cannot be attached. */
  readonly accessType: AccessType | null;
  readonly requestedAccessTo: string[] | null;
  /** The server's addresses; null where they are not the targets. */
  readonly addresses: AddressesFound | null;
  /** null: not read. */
  readonly locations: readonly ExportLocation[] | null;
  readonly mappings: ObservedMappings;
  readonly novaMicroversion: string;
  readonly hasLocks: boolean;
  readonly manilaMicroversion: string;
}

/** What the store has of a pair. */
export interface Recorded {
  readonly existing: Attachment | null;
  /** The server's other attachments. */
  readonly others: readonly Attachment[];
}

/**
 * Reads what the checks of the given ways need, with the caller's token: three requests, two more for a share on a share
 * network, and the export locations and Nova's own attachments where a check looks at them. Changes nothing.
 * @param request with its mount point in canonical form
 * @throws NOT_FOUND for a server or share that this token does not see; BAD_USER_INPUT for a malformed `accessTo`
 */
export async function readObservedState(
  session: Session,
  request: AttachRequest,
  ways: { accessRule?: boolean; virtiofs?: boolean; exports?: boolean },
  reads: Reads = directReads(session),
): Promise<ObservedState> {
  const [server, share, rules, nova] = await Promise.all([
    reads.server(request.serverId),
    reads.share(request.shareId),
    reads.accessRules(request.shareId),
    ways.virtiofs ? readMappings(session, request.serverId) : null,
  ]);
  if (!server) throw new GatewayError('NOT_FOUND', `Server ${request.serverId} does not exist in your project`);
  if (!share) throw new GatewayError('NOT_FOUND', `Share ${request.shareId} does not exist, or you cannot see it`);
  const accessType = accessTypeOf(share);
  const requestedAccessTo = accessType && request.accessTo && requestedTargets(accessType, request.accessTo);
  const followsAddresses = ways.accessRule === true && accessType === 'ip' && requestedAccessTo === null;
  const readsExports = ways.exports || ways.virtiofs || (requestedAccessTo ?? []).some((to) => to.includes(':'));
  const [addresses, locations, manilaMicroversion] = await Promise.all([
    followsAddresses ? findAddresses(reads, server, share) : null,
    readsExports ? listExportLocations(session, share.id) : null,
    supportedMicroversion(session, MANILA),
  ]);
  return {
    identity: session.identity,
    server,
    share,
    rules,
    accessType,
    requestedAccessTo,
    addresses,
    locations: readsExports ? (locations ?? []) : null,
    mappings: nova?.mappings ?? 'not_supported',
    novaMicroversion: nova?.microversion ?? '',
    hasLocks: isAtLeast(manilaMicroversion, LOCKS_SINCE),
    manilaMicroversion,
  };
}

async function readMappings(session: Session, serverId: string) {
  const { isSupported, microversion } = await hasServerShares(session);
  const mappings: ObservedMappings = isSupported ? await observeMappings(session, serverId) : 'not_supported';
  return { mappings, microversion };
}

/** What Nova has attached to a server, also at the request of others. Rejects with an OpenStackError other than 403. */
export async function observeMappings(
  session: Session,
  serverId: string,
): Promise<readonly ServerShare[] | 'not_visible'> {
  try {
    return (await listServerShares(session, serverId)) ?? [];
  } catch (error) {
    if (error instanceof OpenStackError && error.status === 403) return 'not_visible';
    throw error;
  }
}

/** What the store has of the pair, and of the server. */
export async function readRecorded(store: AttachmentStore, { server, share }: ObservedState): Promise<Recorded> {
  const id = attachmentId(server.id, share.id);
  const [existing, [list = []]] = await Promise.all([
    store.get(server.tenant_id, id),
    store.listForServers(server.tenant_id, [server.id]),
  ]);
  return { existing, others: list.filter((other) => other.id !== id) };
}

/** How the request asks to attach. */
export function viaOf({ via }: AttachRequest): AttachVia {
  return via ?? 'access_rule';
}
