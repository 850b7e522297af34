/** Deleted servers: suspected from Nova's list, confirmed only by a 404 of their GET. */
import { getServer, listServers } from '../../openstack/nova/client.ts';
import type { NovaServer } from '../../openstack/nova/types.ts';
import { type Attachment, parseAttachmentId } from '../attachment.ts';
import { consume, forEach, rememberServer, report, type SweepContext, withinBudget } from './context.ts';
import { reconcileRecord } from './reconcile-record.ts';
import type { SweepOutcome } from './report.ts';

/** Page size: 1,000 servers take Nova longer than a call's timeout. */
const PAGE = 200;
/** Bound of the list: 100,000 servers. */
const MAX_PAGES = 500;
/** Overlap of the list of changes with the last scan, in ms: clocks differ, and a change may be listed late. */
const OVERLAP_MS = 300_000;
/** Maximum number of scans between two retries of a failed revocation; it begins with 2 and doubles. */
const MAX_SCANS_BETWEEN = 256;

/**
 * Lists the servers that changed since the last scan, or all of them in a full one, and detaches the attachments of
 * deleted servers. Absence from a list proves nothing (Nova omits cells that are down): missing servers are read one by
 * one.
 */
export async function sweepServers(context: SweepContext): Promise<void> {
  const { memory, report, snapshot, observed } = context;
  const startedAt = Date.now();
  const listed = await readServers(context);
  if (report.isFull) {
    for (const id of memory.servers.keys()) if (!listed.has(id)) memory.servers.delete(id);
    for (const id of snapshot.byServer.keys()) if (!listed.has(id)) memory.candidates.add(id);
  }
  for (const server of listed.values()) {
    if (server.status !== 'DELETED') rememberServer(context, server);
    else if (snapshot.byServer.has(server.id)) memory.candidates.add(server.id);
  }
  report.servers = observed.size;
  await confirm(context);
  memory.since = startedAt;
}

async function readServers({ session, memory, report }: SweepContext): Promise<Map<string, NovaServer>> {
  const since = report.isFull || memory.since === null ? null : new Date(memory.since - OVERLAP_MS).toISOString();
  const filters = { all_tenants: '1', ...(since ? { 'changes-since': since } : {}) } as const;
  const servers = new Map<string, NovaServer>();
  let marker: string | null = null;
  for (let read = 0; read < MAX_PAGES; read++) {
    const { servers: page, hasNext } = await listServers(session, { limit: PAGE, marker, filters });
    for (const server of page) servers.set(server.id, server);
    marker = page.at(-1)?.id ?? null;
    if (!hasNext || marker === null) return servers;
  }
  report.unfinished.push(`More than ${MAX_PAGES * PAGE} servers: the others are not compared`);
  return servers;
}

async function confirm(context: SweepContext): Promise<void> {
  const { memory, snapshot, session } = context;
  for (const id of memory.candidates) if (!snapshot.byServer.has(id)) memory.candidates.delete(id);
  for (const id of memory.retries.keys()) if (!isInSnapshot(context, id)) memory.retries.delete(id);
  const candidates = withinBudget(context, 'servers to confirm', new Map([...memory.candidates].map((id) => [id, id])));
  await forEach(context, candidates, async (id) => {
    if (!consume(context, 'confirmations')) return;
    const server = await getServer(session, id);
    if (!server) await detachAll(context, id);
    // a server that was just deleted may be shown for a moment: it stays a candidate
    else if (server.status !== 'DELETED') {
      memory.candidates.delete(id);
      rememberServer(context, server);
    }
  });
}

function isInSnapshot({ snapshot }: SweepContext, id: string): boolean {
  const { serverId = '' } = parseAttachmentId(id) ?? {};
  return snapshot.byServer.get(serverId)?.some((record) => record.id === id) ?? false;
}

async function detachAll(context: SweepContext, serverId: string): Promise<void> {
  const { memory, snapshot } = context;
  memory.servers.delete(serverId);
  // it stays a candidate until its last record is gone: a revocation may fail
  for (const record of snapshot.byServer.get(serverId) ?? []) await detachOne(context, record);
}

async function detachOne(context: SweepContext, record: Attachment): Promise<void> {
  const { serverId, shareId, projectId } = record;
  const subject = { projectId, serverId, shareId, ruleId: null, accessTo: null };
  const reportAs = (outcome: SweepOutcome, message: string) =>
    report(context, { kind: 'SERVER_DELETED', outcome, ...subject, message });
  if (record.status === 'detaching' && record.isAccepted) return;
  const hasFailed = record.status === 'error_detaching' && record.reason === 'SERVER_DELETED';
  const why = record.fault?.message ?? 'no reason given';
  if (hasFailed && !isRetryDue(context, record)) {
    reportAs('manual', `The server is deleted, its access rule is not revoked yet, a later scan retries: ${why}`);
    return;
  }
  if (context.report.isDryRun) {
    reportAs('planned', `The server is deleted: its access (${record.status}) would be revoked`);
    return;
  }
  const now = await reconcileRecord(context, record);
  if (now?.reason !== 'SERVER_DELETED') return;
  if (hasFailed) countRetry(context, record);
  reportAs(
    'done',
    `The server is deleted: its access is being revoked${hasFailed ? `, which failed before: ${why}` : ''}`,
  );
}

function isRetryDue({ memory }: SweepContext, { id }: Attachment): boolean {
  return memory.scans >= (memory.retries.get(id)?.fromScan ?? 0);
}

function countRetry({ memory }: SweepContext, { id }: Attachment): void {
  const retries = (memory.retries.get(id)?.retries ?? 0) + 1;
  memory.retries.set(id, { retries, fromScan: memory.scans + Math.min(2 ** retries, MAX_SCANS_BETWEEN) });
}
