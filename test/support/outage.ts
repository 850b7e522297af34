import { expect } from '@jest/globals';
import { DEMO } from '../../src/sandbox/index.ts';
import type { TestGateway } from './gateway.ts';
import { type HeardEvent, type Listener, listen } from './listener.ts';
import { until } from './until.ts';

/** Attaching and detaching many shares of one server, and the required outcome whatever happens to Redis meanwhile. */

const ATTACH = 'mutation ($input: AttachShareInput!) { attachShare(input: $input) { attachment { id status } } }';
const DETACH = 'mutation ($input: DetachShareInput!) { detachShare(input: $input) { attachment { id status } } }';
const LIST = '{ shareAttachments(first: 100) { nodes { shareId status mountPoint accessLevel } } }';

/** Settings with which work left by a lost reply is resumed within seconds. */
export const SOON = { UPSTREAM_TIMEOUT_MS: '2000', LEASE_MS: '6000' };

export const attach = (gateway: TestGateway, shareId: string, input: Record<string, unknown> = {}) =>
  gateway.query(ATTACH, { input: { serverId: DEMO.serverId, shareId, ...input } });
export const detach = (gateway: TestGateway, shareId: string) =>
  gateway.query(DETACH, { input: { serverId: DEMO.serverId, shareId } });
export const codeOf = (answer: Awaited<ReturnType<typeof attach>>) => answer.errors?.[0]?.extensions.code;

/** The project's attachments; null while they cannot be read. */
export async function listed(
  gateway: TestGateway,
): Promise<{ shareId: string; status: string; mountPoint: string | null; accessLevel: string }[] | null> {
  const { data, errors } = await gateway.query(LIST);
  return errors ? null : data.shareAttachments.nodes;
}

/** The shares with access rules made by a gateway in Manila, one entry per rule. */
export const granted = ({ sandbox }: TestGateway, shareIds: readonly string[]) =>
  shareIds.flatMap((id) =>
    sandbox
      .rulesOf(id)
      .filter((rule) => rule.metadata.managed_by)
      .map(() => id),
  );

/** Resolves at the nth change of a rule from now on. */
export function nthRuleChange({ sandbox }: TestGateway, nth: number): Promise<void> {
  return new Promise((resolve) => {
    let changes = 0;
    const stop = sandbox.onRuleChange(() => {
      changes += 1;
      if (changes < nth) return;
      stop();
      resolve();
    });
  });
}

/** Polls as a user does until everything is attached; returns the share ids. */
export async function allAttached(gateway: TestGateway): Promise<string[]> {
  const nodes = await until(async () => {
    const now = await listed(gateway);
    return now?.every(({ status }) => status === 'ATTACHED') ? now : null;
  });
  return nodes.map(({ shareId }) => shareId).sort();
}

/**
 * The shares that all attachments have, once each rule that a gateway made belongs to one that is attached: a request that
 * ended without an answer may have been accepted, and its attachment is listed when the gateway has learned that.
 */
export async function allGranted(gateway: TestGateway, shareIds: readonly string[]): Promise<string[]> {
  return await until(async () => {
    const attached = await allAttached(gateway);
    return String(granted(gateway, shareIds).sort()) === String(attached) ? attached : null;
  });
}

/** An event as these tests compare them. */
export interface LogEntry {
  cursor: string;
  what: string;
}

/** An event's cursor, and `<share id> <type>`. */
export const toEntry = ({ cursor, type, attachment }: HeardEvent): LogEntry => ({
  cursor,
  what: `${attachment.shareId} ${type}`,
});

/** All events of the project's log up to its end. */
export async function logOf(gateway: TestGateway): Promise<LogEntry[]> {
  const { data } = await gateway.query('{ shareAttachments(first: 1) { eventCursor } }');
  const end = data.shareAttachments.eventCursor;
  const events: LogEntry[] = [];
  const listener = listen(gateway, { after: '0-0' });
  while (end !== '0-0' && events.at(-1)?.cursor !== end) events.push(toEntry(await listener.next()));
  await listener.close();
  return events;
}

/** Listens until it has received exactly the events of this log, including those before (`all`), or CURSOR_EXPIRED. */
export async function hear(listener: Listener, log: readonly LogEntry[], before: readonly LogEntry[]): Promise<string> {
  const heard = [...before];
  try {
    while (JSON.stringify(heard) !== JSON.stringify(log)) heard.push(toEntry(await listener.next()));
    return 'all';
  } catch (error) {
    const reason = error instanceof Error ? error.message : JSON.stringify(error);
    return /CURSOR_EXPIRED|event log/.test(reason) ? 'CURSOR_EXPIRED' : reason;
  }
}

/** Each attachment has one ATTACH_STARTED and one ATTACHED. */
export function expectEachOnce(events: readonly LogEntry[], shareIds: readonly string[]): void {
  const expected = shareIds.flatMap((id) => [`${id} ATTACHED`, `${id} ATTACH_STARTED`]);
  expect(events.map(({ what }) => what).sort()).toEqual(expected.sort());
}
