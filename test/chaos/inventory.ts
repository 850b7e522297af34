import type { Attachment } from '../../src/attachments/attachment.ts';
import { badEvents, recordsWithoutRule, rulesWithoutRecord } from '../support/ledger.ts';
import type { ChaosEnvironment } from './process-control.ts';

/** What must be empty when no work is left, in words; and the numbers of events and attachments. */
export interface Inventory {
  rulesWithoutRecord: string[];
  recordsWithoutRule: string[];
  /** Events that the listener missed, received twice or in another order, and events that cannot follow one another. */
  badEvents: string[];
  unsettled: string[];
  events: number;
  statuses: Record<string, number>;
}

/** Compares the records, the log, the events that the listener received, and the cloud. */
export async function takeInventory({ ledger, sandbox, shares, listening }: ChaosEnvironment): Promise<Inventory> {
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

async function isSettled(record: Attachment, ledger: ChaosEnvironment['ledger']): Promise<boolean> {
  if (record.status === 'attaching' || record.status === 'detaching') return false;
  // its rules follow the server's addresses, unless the fault says why they cannot
  if (record.status === 'attached' && record.staleSince !== null && record.fault === null) return false;
  return await ledger.isAtRest(record.id);
}

/** Compares the received cursors with those of the log. */
function compare(log: readonly string[], received: readonly string[]): string[] {
  const [logged, once] = [new Set(log), new Set(received)];
  const lost = log.filter((cursor) => !once.has(cursor)).map((cursor) => `${cursor} was not received`);
  const doubled = received
    .filter((cursor, i) => received.indexOf(cursor) !== i)
    .map((cursor) => `${cursor} was received again`);
  const unknown = received.filter((cursor) => !logged.has(cursor)).map((cursor) => `${cursor} is not in the log`);
  const inOrder = log.filter((cursor) => once.has(cursor));
  const isInOrder = inOrder.every((cursor, i) => received[i] === cursor);
  return [...lost, ...doubled, ...unknown, ...(isInOrder || doubled.length > 0 ? [] : ['received in another order'])];
}

function describe({ id, status, targets, failures, attempts, statusSince, staleSince }: Attachment): string {
  return JSON.stringify({ id, status, targets, failures, attempts, statusSince, staleSince });
}
