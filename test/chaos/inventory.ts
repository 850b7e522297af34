import type { Attachment } from '../../src/attachments/attachment.ts';
import { badEvents, recordsWithoutRule, rulesWithoutRecord } from './ledger.ts';
import type { Stage } from './process-control.ts';

/** What must be nothing when all is quiet, each thing in words; and how many events and attachments there are. */
export interface Stock {
  rulesWithoutRecord: string[];
  recordsWithoutRule: string[];
  /** Events that the listener missed, heard twice or in another order, and such as cannot follow one another. */
  badEvents: string[];
  unsettled: string[];
  events: number;
  statuses: Record<string, number>;
}

/** Compares the records, the log, what the listener heard, and the cloud. */
export async function takeStock({ ledger, sandbox, shares, listening }: Stage): Promise<Stock> {
  const [records, events] = [await ledger.records(), await ledger.events()];
  const unsettled: string[] = [];
  for (const record of records) if (!(await isSettled(record, ledger))) unsettled.push(describe(record));
  const statuses: Record<string, number> = {};
  for (const { status } of records) statuses[status] = (statuses[status] ?? 0) + 1;
  return {
    rulesWithoutRecord: rulesWithoutRecord(sandbox, shares, records),
    recordsWithoutRule: recordsWithoutRule(sandbox, records),
    badEvents: [
      ...badEvents(events, records),
      ...compare(
        events.map((event) => event.cursor),
        listening.cursors,
      ),
    ],
    unsettled,
    events: events.length,
    statuses,
  };
}

async function isSettled(record: Attachment, ledger: Stage['ledger']): Promise<boolean> {
  if (record.status === 'attaching' || record.status === 'detaching') return false;
  // rules that follow the server's addresses, unless a user was told why they cannot
  if (record.status === 'attached' && record.staleSince !== null && record.fault === null) return false;
  return await ledger.isAtRest(record.id);
}

/** The cursors that were heard, against the log's. */
function compare(log: readonly string[], heard: readonly string[]): string[] {
  const [logged, once] = [new Set(log), new Set(heard)];
  const lost = log.filter((cursor) => !once.has(cursor)).map((cursor) => `${cursor} was not heard`);
  const doubled = heard.filter((cursor, i) => heard.indexOf(cursor) !== i).map((cursor) => `${cursor} was heard again`);
  const unknown = heard.filter((cursor) => !logged.has(cursor)).map((cursor) => `${cursor} is not in the log`);
  const inOrder = log.filter((cursor) => once.has(cursor));
  const isInOrder = inOrder.every((cursor, i) => heard[i] === cursor);
  return [...lost, ...doubled, ...unknown, ...(isInOrder || doubled.length > 0 ? [] : ['heard in another order'])];
}

function describe({ id, status, targets, failures, attempts, statusSince, staleSince }: Attachment): string {
  return JSON.stringify({ id, status, targets, failures, attempts, statusSince, staleSince });
}
