import { type AccessRule, type Cloud, isDenying, type Server, type Share, type ShareMapping } from '../cloud.ts';
import { hexFor, newRequestId, newUuid } from '../ids.ts';
import { isSameClient } from '../manila/access-validation.ts';
import { placeLocks } from '../manila/locks.ts';
import { addRule, rulesOf, setRuleState, syncRules } from '../manila/rules.ts';
import { later } from '../work.ts';
import type { Finish } from './instance-actions.ts';
import { touch } from './servers.ts';

/** How often the compute host asks Manila whether its rule is active (`[manila] share_apply_policy_timeout`). */
const MAX_POLLS = 10;
/** The longest tag that QEMU takes, in bytes. */
const MAX_TAG_QEMU = 36;
/** Nova's own account in Manila. */
const NOVA = { userId: hexFor('user/nova'), projectId: hexFor('project/service') };

/** All mappings of a server, by share id. */
export function mappingsOf(cloud: Cloud, serverId: string): ShareMapping[] {
  const mappings = [...cloud.shareMappings.values()].filter((mapping) => mapping.serverId === serverId);
  return mappings.sort((a, b) => (a.shareId < b.shareId ? -1 : 1));
}

/** The mapping of a share on a server. */
export function mappingOf(cloud: Cloud, serverId: string, shareId: string): ShareMapping | undefined {
  return cloud.shareMappings.get(keyOf(serverId, shareId));
}

const keyOf = (serverId: string, shareId: string) => `${serverId} ${shareId}`;

/** The client for which a compute host gets access: its address for NFS, the same user on every host for CephFS. */
export function clientOf(host: string, protocol: string): { accessType: string; accessTo: string } {
  if (protocol === 'CEPHFS') return { accessType: 'cephx', accessTo: 'nova' };
  const number = Number(/\d{1,9}$/.exec(host)?.[0] ?? 1);
  return { accessType: 'ip', accessTo: `192.0.2.${(9 + number) % 256}` };
}

/** Runs the work of a compute host, as soon as the host is up. */
export function onHost(cloud: Cloud, host: string | null, work: () => void): void {
  const waiting = cloud.downHosts.get(host ?? '');
  if (waiting) waiting.push(work);
  else work();
}

/** Starts an attachment: `attaching` until the host has its access rule, then `inactive`; or `error`. */
export function beginAttach(cloud: Cloud, server: Server, share: Share, tag: string, finish: Finish): ShareMapping {
  const location = share.exportLocations.find(({ preferred, isAdminOnly }) => preferred && !isAdminOnly);
  const exported = location ?? share.exportLocations.find(({ isAdminOnly }) => !isAdminOnly);
  const mapping: ShareMapping = {
    uuid: newUuid(),
    serverId: server.id,
    shareId: share.id,
    protocol: share.protocol,
    tag,
    exportLocation: exported?.path ?? '',
    status: 'attaching',
    isGranting: true,
  };
  cloud.shareMappings.set(keyOf(server.id, share.id), mapping);
  later(cloud, cloud.stepMs, () => onHost(cloud, server.host, () => grant(cloud, server, mapping, finish)));
  return mapping;
}

function grant(cloud: Cloud, server: Server, mapping: ShareMapping, finish: Finish): void {
  const share = cloud.shares.get(mapping.shareId);
  if (!share) {
    fail(mapping, finish, 'ShareNotFound', `Share ${mapping.shareId} could not be found.`);
    return;
  }
  const client = clientOf(server.host ?? '', mapping.protocol);
  const existing = ruleFor(cloud, mapping.shareId, client);
  if (existing && isDenying(existing.state)) {
    const text = `Share access ${client.accessType}:${client.accessTo} exists.`;
    fail(mapping, finish, 'ShareAccessGrantError', grantError(mapping, `${text} (HTTP 400)`));
    return;
  }
  if (!existing) {
    const rule = addRule(cloud, share, {
      ...client,
      state: 'queued_to_apply',
      userId: NOVA.userId,
      requestId: newRequestId(),
    });
    placeLocks(
      cloud,
      rule,
      { ...NOVA, context: 'admin' },
      { deletion: true, visibility: true, reason: 'Lock by nova' },
    );
    syncRules(cloud, share);
  }
  poll(cloud, server, mapping, finish, 1);
}

function poll(cloud: Cloud, server: Server, mapping: ShareMapping, finish: Finish, count: number): void {
  const rule = ruleFor(cloud, mapping.shareId, clientOf(server.host ?? '', mapping.protocol));
  if (rule?.state === 'active') {
    mapping.isGranting = false;
    if (mapping.status === 'attaching') mapping.status = 'inactive';
    finish();
  } else if (count >= MAX_POLLS || !cloud.shareMappings.has(keyOf(mapping.serverId, mapping.shareId))) {
    const reason = 'Failed to set allow policy on share, too many retries';
    fail(mapping, finish, 'ShareAccessGrantError', grantError(mapping, reason));
  } else {
    later(cloud, cloud.stepMs, () => poll(cloud, server, mapping, finish, count + 1));
  }
}

const grantError = ({ shareId }: ShareMapping, reason: string) =>
  `Share access could not be granted to share id ${shareId}.\nReason: ${reason}.`;

function fail(mapping: ShareMapping, finish: Finish, exception: string, message: string): void {
  mapping.isGranting = false;
  mapping.status = 'error';
  finish({ exception: `nova.exception.${exception}`, message });
}

function ruleFor(cloud: Cloud, shareId: string, client: { accessType: string; accessTo: string }) {
  const isFor = (rule: AccessRule) =>
    rule.accessType === client.accessType && isSameClient(client.accessType, rule.accessTo, client.accessTo);
  return rulesOf(cloud, shareId).find(isFor);
}

/** Starts a detachment: `detaching` for one step, then the mapping is gone, and its rule is denied unless still in use. */
export function beginDetach(cloud: Cloud, server: Server, mapping: ShareMapping, finish: Finish): void {
  mapping.status = 'detaching';
  const work = () => {
    // the host serialises its work on one share
    if (mapping.isGranting) later(cloud, cloud.stepMs, work);
    else {
      revoke(cloud, server, mapping);
      finish();
    }
  };
  later(cloud, cloud.stepMs, () => onHost(cloud, server.host, work));
}

/** Removes a mapping, and denies the host's rule unless another server needs it. */
function revoke(cloud: Cloud, server: Server, mapping: ShareMapping): void {
  cloud.shareMappings.delete(keyOf(mapping.serverId, mapping.shareId));
  const needs = (other: ShareMapping) => {
    const isOfHost = mapping.protocol === 'CEPHFS' || cloud.servers.get(other.serverId)?.host === server.host;
    return other.shareId === mapping.shareId && other.status !== 'detaching' && isOfHost;
  };
  if ([...cloud.shareMappings.values()].some(needs)) return;
  const share = cloud.shares.get(mapping.shareId);
  const rule = ruleFor(cloud, mapping.shareId, clientOf(server.host ?? '', mapping.protocol));
  if (!share || !rule || isDenying(rule.state)) return;
  setRuleState(cloud, rule, 'queued_to_deny');
  syncRules(cloud, share);
}

/** What the deletion of a server does with its mappings: all are removed, unless its host is down. */
export function removeMappings(cloud: Cloud, server: Server): void {
  if (cloud.downHosts.has(server.host ?? '')) return;
  for (const mapping of mappingsOf(cloud, server.id)) revoke(cloud, server, mapping);
}

/**
 * Powers a server on: mounts its shares, which makes them `active` one step before the server. A mapping that is
 * attaching, detaching or in error ends in ERROR of the server (nova/compute/manager.py, get_share_info).
 */
export function powerOn(cloud: Cloud, server: Server, finish: Finish): void {
  later(cloud, cloud.stepMs, () =>
    onHost(cloud, server.host, () => {
      if (cloud.servers.get(server.id) !== server) return;
      const mappings = mappingsOf(cloud, server.id);
      const pending = mappings.find(({ status }) => status === 'attaching' || status === 'detaching');
      if (pending) {
        failPower(server, finish, 'ShareErrorUnexpectedStatus', unexpected(pending));
        return;
      }
      const broken = mappings.find((mapping) => !isMountable(cloud, server, mapping));
      if (broken) {
        broken.status = 'error';
        failPower(server, finish, 'ShareMountError', mountError(broken));
        return;
      }
      // QEMU does not start, and nothing else changes
      if (mappings.some(({ tag }) => tag.length > MAX_TAG_QEMU)) {
        touch(server, { taskState: null });
        finish({ exception: 'libvirt.libvirtError', message: 'tag property must be 36 bytes or less' });
        return;
      }
      for (const mapping of mappings) mapping.status = 'active';
      if (mappings.length === 0) endPowerOn(cloud, server, finish);
      else later(cloud, cloud.stepMs, () => endPowerOn(cloud, server, finish));
    }),
  );
}

function endPowerOn(cloud: Cloud, server: Server, finish: Finish): void {
  if (cloud.servers.get(server.id) !== server) return;
  const late = mappingsOf(cloud, server.id).find(({ status }) => status === 'attaching');
  if (late) {
    failPower(server, finish, 'ShareErrorUnexpectedStatus', unexpected(late));
    return;
  }
  touch(server, { status: 'ACTIVE', taskState: null });
  finish();
}

function isMountable(cloud: Cloud, server: Server, mapping: ShareMapping): boolean {
  if (mapping.status === 'error' || !cloud.shares.has(mapping.shareId)) return false;
  return ruleFor(cloud, mapping.shareId, clientOf(server.host ?? '', mapping.protocol))?.state === 'active';
}

const unexpected = ({ shareId, serverId }: ShareMapping) =>
  `Share ${shareId} attached to server ${serverId} is in an unexpected state.`;
const mountError = ({ shareId, serverId }: ShareMapping) =>
  `Share id ${shareId} mount error from server ${serverId}.\nReason: Unexpected error while running command.`;

function failPower(server: Server, finish: Finish, exception: string, message: string): void {
  touch(server, { status: 'ERROR', taskState: null, fault: { code: 500, message, at: Date.now() } });
  finish({ exception: `nova.exception.${exception}`, message });
}

/** Powers a server off: its shares become `inactive` with it. */
export function powerOff(cloud: Cloud, server: Server, finish: Finish): void {
  later(cloud, cloud.stepMs, () =>
    onHost(cloud, server.host, () => {
      if (cloud.servers.get(server.id) !== server) return;
      for (const mapping of mappingsOf(cloud, server.id)) if (mapping.status === 'active') mapping.status = 'inactive';
      touch(server, { status: 'SHUTOFF', taskState: null });
      finish();
    }),
  );
}
