/** What makes an attach by Nova's virtiofs impossible or doubtful. Nova itself checks only a part, and some too late. */
import { SHARES_SINCE } from '../../openstack/nova/shares.ts';
import type { ServerShare } from '../../openstack/nova/types.ts';
import type { ObservedState, Recorded } from '../observed-state.ts';
import {
  isCarriedOut,
  mountPointProblems,
  otherAttachmentProblems,
  roleProblems,
  usabilityProblems,
} from '../preconditions.ts';
import { certain, likely, type Problem } from '../problems.ts';
import { isBeingDenied } from '../reconcile/decide.ts';
import { isMasked } from '../rule-metadata.ts';
import type { AttachRequest } from '../service.ts';

/** Nova's tags, cut to what QEMU takes: with more than 36 bytes the guest does not start (nova 13863f4e1612 allows 48). */
const TAG = /^[A-Za-z0-9-]{1,36}$/;
/** The protocols of Nova's virtiofs (nova compute/manager.py allow_share). */
const PROTOCOLS = ['NFS', 'CEPHFS'];

/** The problems of attaching by virtiofs, in the order in which attachShare rejects. */
export function virtiofsProblems(observed: ObservedState, recorded: Recorded, request: AttachRequest): Problem[] {
  const mapping = mappingOf(observed);
  const isInUse = mapping !== null && ['inactive', 'active'].includes(mapping.status);
  const ofArguments = [
    ...cloudProblems(observed),
    ...argumentProblems(observed, request),
    ...otherAttachmentProblems(observed, recorded, request),
  ];
  if (recorded.existing && isCarriedOut(recorded.existing, observed)) return ofArguments;
  return [
    ...ofArguments,
    ...tagProblems(observed, recorded, request, mapping),
    ...tokenProblems(observed),
    // what Nova has attached already is adopted in any state of its server
    ...(isInUse ? [] : serverProblems(observed)),
    ...usabilityProblems(observed).filter(({ code }) => code !== 'SERVER_STATE'),
    ...shareProblems(observed),
    ...mountPointProblems(observed, recorded, request),
    ...roleProblems(observed),
  ];
}

/** Nova's mapping of the share to the server; null when there is none, or it is not visible. */
export function mappingOf({ mappings, share }: ObservedState): ServerShare | null {
  return typeof mappings === 'string' ? null : (mappings.find(({ share_id: id }) => id === share.id) ?? null);
}

function cloudProblems({ mappings, novaMicroversion, server }: ObservedState): Problem[] {
  if (mappings === 'not_supported') {
    const message = `Nova's share attachments need microversion ${SHARES_SINCE} (2025.1), and the cloud has ${novaMicroversion}`;
    return [certain('CLOUD', message, 'via')];
  }
  if (mappings === 'not_visible') {
    const message = `Nova's policy hides the share attachments of server ${server.id} from this token: they take a role in the server's project`;
    return [certain('ROLE', message)];
  }
  const specs = server.flavor?.extra_specs;
  if (!specs || 'hw:mem_page_size' in specs) return [];
  const message =
    "The server's flavor does not set hw:mem_page_size: Nova attaches shares to it only on compute hosts with " +
    'file-backed memory';
  return [likely('FLAVOR_MEMORY', message)];
}

function argumentProblems(
  { share }: ObservedState,
  { accessLevel, accessTo, isProtected, isHidden }: AttachRequest,
): Problem[] {
  const problems: Problem[] = [];
  if (!PROTOCOLS.includes(share.share_proto.toUpperCase())) {
    const message = `Share ${share.id} is ${share.share_proto}: expected one of ${PROTOCOLS.join(', ')} with VIRTIOFS`;
    problems.push(certain('PROTOCOL', message, 'shareId'));
  }
  if (accessLevel === 'ro') {
    const message = 'accessLevel: expected READ_WRITE with VIRTIOFS: Nova attaches no share read-only';
    problems.push(certain('READ_ONLY', message, 'accessLevel'));
  }
  if (accessTo !== null) {
    const message = 'accessTo: expected none with VIRTIOFS: Nova grants access to the compute host';
    problems.push(certain('ARGUMENT', message, 'accessTo'));
  }
  if (isProtected || isHidden) {
    const message = 'isProtected and isHidden are for ACCESS_RULE: Nova locks its own access rule with VIRTIOFS';
    problems.push(certain('ARGUMENT', message, isProtected ? 'isProtected' : 'isHidden'));
  }
  return problems;
}

function tagProblems(
  { mappings, share, server }: ObservedState,
  { others }: Recorded,
  { tag }: AttachRequest,
  mapping: ServerShare | null,
): Problem[] {
  if (tag !== null && tag !== undefined && !TAG.test(tag)) {
    const message = `tag: expected 1 to 36 letters, digits and hyphens, got ${JSON.stringify(tag.slice(0, 64))}`;
    return [certain('TAG', message, 'tag')];
  }
  const wanted = tag ?? share.id;
  if (mapping && tag && mapping.tag !== tag) {
    const message = `Nova has attached the share already with tag ${mapping.tag}, got ${tag}: detach it first`;
    return [certain('ATTACHED_OTHERWISE', message, 'tag')];
  }
  const inNova = typeof mappings === 'string' ? [] : mappings;
  const holder =
    inNova.find((one) => one.tag === wanted && one.share_id !== share.id)?.share_id ??
    others.find(({ virtiofs }) => virtiofs?.tag === wanted)?.shareId;
  return holder === undefined
    ? []
    : [certain('TAG_TAKEN', `tag ${wanted} is taken on server ${server.id} by share ${holder}`, 'tag')];
}

function tokenProblems({ identity }: ObservedState): Problem[] {
  if (!identity.isDelegated) return [];
  const message =
    'Nova takes no share attachment with a token of an application credential, a trust or OAuth: use a token of a ' +
    'user’s password or federated login';
  return [certain('DELEGATED_TOKEN', message)];
}

function serverProblems({ server }: ObservedState): Problem[] {
  const vmState = server['OS-EXT-STS:vm_state'] ?? server.status;
  const taskState = server['OS-EXT-STS:task_state'] ?? null;
  if (['BUILD', 'DELETED', 'SOFT_DELETED', 'UNKNOWN', 'ERROR'].includes(server.status)) {
    return [certain('SERVER_STATE', `Server ${server.id} is ${server.status}: expected SHUTOFF`, 'serverId')];
  }
  if (vmState !== 'stopped') {
    const message = `Server ${server.id} is ${vmState}: Nova attaches and detaches shares while it is stopped`;
    return [certain('SERVER_NOT_STOPPED', message, 'serverId')];
  }
  if (taskState === null) return [];
  return [certain('SERVER_BUSY', `Server ${server.id} is ${taskState}: wait until it is idle`, 'serverId')];
}

function shareProblems({ share, locations, rules }: ObservedState): Problem[] {
  const problems: Problem[] = [];
  if (locations?.length === 0 && share.status === 'available') {
    problems.push(certain('NO_EXPORT_LOCATION', `Share ${share.id} has no export location`, 'shareId'));
  }
  if ((rules ?? []).some((rule) => isMasked(rule) && isBeingDenied(rule.state))) {
    const message = 'The access rule of an earlier attachment is being denied: the share is attached when it is gone';
    problems.push(likely('RULE_LEAVING', message));
  }
  return problems;
}
