/** Attachments whose server has other addresses now, and rules that grant access to an address of another server. */
import { OpenStackError } from '../../openstack/errors.ts';
import type { AccessRule } from '../../openstack/manila/types.ts';
import { getServer } from '../../openstack/nova/client.ts';
import type { NovaServer } from '../../openstack/nova/types.ts';
import { timeOf } from '../../openstack/timestamp.ts';
import { canonicalAddress, findAddresses } from '../access-targets.ts';
import type { Attachment } from '../attachment.ts';
import { directReads } from '../reads.ts';
import { followsAddresses } from '../retarget.ts';
import { isManaged } from '../rule-metadata.ts';
import {
  consume,
  forEach,
  type ObservedServer,
  rememberServer,
  report,
  rotate,
  type SweepContext,
  withinBudget,
} from './context.ts';
import { isStaleAgainst, markStale } from './reconcile-record.ts';

/** Share of the remaining confirmations spent on servers that Nova's list of changes may omit. */
const SHARE_OF_UNLISTED = 1 / 4;

/**
 * Marks attachments whose rules differ from their server's addresses. Grants and revokes nothing: that takes a user's
 * token.
 */
export async function sweepAddresses(context: SweepContext): Promise<void> {
  await probeUnlisted(context);
  type Pair = { record: Attachment; server: NovaServer };
  const candidates: Pair[] = [];
  // a share network's addresses take two calls: the network, and the server's ports
  const onShareNetworks = new Map<string, Pair>();
  for (const server of context.observed.values()) {
    // a server without addresses in the list (its cell is down) proves nothing
    if (!server.addresses) continue;
    for (const record of context.snapshot.byServer.get(server.id) ?? []) {
      if (record.status !== 'attached' || !followsAddresses(record)) continue;
      if (context.shares.get(record.shareId)?.share_network_id) onShareNetworks.set(record.id, { record, server });
      else candidates.push({ record, server });
    }
  }
  candidates.push(...withinBudget(context, 'attachments on share networks', onShareNetworks, 2));
  await forEach(context, candidates, async ({ record, server }) => {
    const addresses = await currentAddresses(context, record, server);
    const isStale = addresses && isStaleAgainst(record, addresses);
    if (!addresses || isStale === null || isStale === (record.staleSince !== null)) return;
    await mark(context, record, addresses, isStale);
  });
}

// Nova's list of changes omits ports that are attached or detached (2025.1 and Zed): servers are read in rotation
async function probeUnlisted(context: SweepContext): Promise<void> {
  const { snapshot, observed, memory, session, budget } = context;
  const isUnlisted = ([id, records]: [string, Attachment[]]) =>
    !observed.has(id) && records.some((record) => record.status === 'attached' && followsAddresses(record));
  const unlisted = new Map([...snapshot.byServer].filter(isUnlisted).map(([id]) => [id, id]));
  const chosen = rotate(context, 'unlisted servers', unlisted, Math.floor(budget.confirmations * SHARE_OF_UNLISTED));
  await forEach(context, chosen, async (id) => {
    if (!consume(context, 'confirmations')) return;
    const server = await getServer(session, id);
    if (server) rememberServer(context, server);
    else memory.candidates.add(id);
  });
}

async function currentAddresses(
  context: SweepContext,
  record: Attachment,
  server: NovaServer,
): Promise<string[] | null> {
  const share = context.shares.get(record.shareId);
  if (!share) return null;
  if (share.share_network_id && !consume(context, 'confirmations', 2)) return null;
  try {
    return [...(await findAddresses(directReads(context.session), server, share)).addresses];
  } catch (error) {
    if (error instanceof OpenStackError && error.status === 404) return null;
    throw error;
  }
}

async function mark(context: SweepContext, record: Attachment, addresses: string[], isStale: boolean): Promise<void> {
  const { projectId, serverId, shareId } = record;
  const { isDryRun } = context.report;
  if (!isDryRun && !(await markStale(context, record, addresses))) return;
  report(context, {
    kind: isStale ? 'ADDRESSES_CHANGED' : 'ADDRESSES_BACK',
    outcome: isDryRun ? 'planned' : 'done',
    projectId,
    serverId,
    shareId,
    ruleId: null,
    accessTo: record.targets.map((target) => target.accessTo).join(' '),
    message: isStale
      ? `The server's addresses are ${addresses.join(' ') || 'none'} now: stale until a user's token repairs it`
      : 'The server has the addresses of the rules again',
  });
}

/** Servers by canonical address. */
export function ownersByAddress(servers: Iterable<ObservedServer>): Map<string, ObservedServer[]> {
  const owners = new Map<string, ObservedServer[]>();
  for (const server of servers) {
    for (const address of addressesOf(server)) {
      const list = owners.get(address);
      if (list) list.push(server);
      else owners.set(address, [server]);
    }
  }
  return owners;
}

/**
 * Reports a rule that grants access to an address of another server. A rule made by a gateway: its server no longer has
 * the address, and another has. Any other rule, or one whose address the user gave: every server with the address is
 * younger than the rule. Networks are skipped. Addresses may overlap between projects, so the outcome is always
 * `manual`.
 */
export async function checkAddress(
  context: SweepContext,
  shareId: string,
  rule: AccessRule,
  owners: Map<string, ObservedServer[]>,
): Promise<void> {
  // which access is intended is known only from all records
  if (!context.snapshot.isComplete) return;
  const address = rule.access_type === 'ip' ? canonicalAddress(rule.access_to) : null;
  const servers = address === null ? [] : (owners.get(address) ?? []);
  const owner = servers[0];
  if (address === null || !owner || !isSuspicious(context, shareId, rule, address, servers)) return;
  if (!consume(context, 'confirmations')) return;
  const now = await getServer(context.session, owner.id);
  if (!now || !addressesOf(now).has(address)) return;
  const origin = isManaged(rule)
    ? `of server ${rule.metadata?.server_id ?? 'unknown'}`
    : `that is ${ageOf(rule, owner)}`;
  report(context, {
    kind: 'ADDRESS_OF_ANOTHER_SERVER',
    outcome: 'manual',
    projectId: now.tenant_id,
    serverId: now.id,
    shareId,
    ruleId: rule.id,
    accessTo: rule.access_to,
    message: `Server ${now.id} of project ${now.tenant_id} has the address of a rule ${origin}: it may mount the share`,
  });
}

function isSuspicious(
  { snapshot }: SweepContext,
  shareId: string,
  rule: AccessRule,
  address: string,
  owners: readonly ObservedServer[],
): boolean {
  const isAttached = (snapshot.byShare.get(shareId) ?? []).some(
    (record) =>
      owners.some((owner) => owner.id === record.serverId) &&
      record.targets.some((target) => target.accessTo === address && target.change !== 'removing'),
  );
  if (isAttached) return false;
  const { server_id: serverId, access_to_given: isGiven } = rule.metadata ?? {};
  if (isManaged(rule) && isGiven !== 'true') return owners.every((owner) => owner.id !== serverId);
  const madeAt = timeOf(rule.created_at);
  return madeAt !== null && owners.every((owner) => (timeOf(owner.created) ?? 0) > madeAt);
}

function ageOf(rule: AccessRule, owner: ObservedServer): string {
  return `older (${rule.created_at}) than the server (${owner.created})`;
}

function addressesOf(server: Pick<ObservedServer, 'addresses'>): Set<string> {
  const all = Object.values(server.addresses ?? {}).flat();
  return new Set(all.flatMap(({ addr }) => canonicalAddress(addr) ?? []));
}
