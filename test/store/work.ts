import { expect } from '@jest/globals';
import { DEMO } from '../../src/sandbox/index.ts';
import type { TestGateway } from '../support/gateway.ts';
import { type HeardEvent, type Listener, listen } from '../support/listener.ts';
import { until } from '../support/until.ts';

/** Work of a gateway on many shares of one server, and how it must end, whatever befalls Redis meanwhile. */

const ATTACH = 'mutation ($input: AttachShareInput!) { attachShare(input: $input) { attachment { id status } } }';
const DETACH = 'mutation ($input: DetachShareInput!) { detachShare(input: $input) { attachment { id status } } }';
const LIST = '{ shareAttachments(first: 100) { nodes { shareId status mountPoint accessLevel } } }';

/** Settings with which what a lost answer leaves behind is taken up within seconds. */
export const SOON = { UPSTREAM_TIMEOUT_MS: '1000', LEASE_MS: '3000' };

export const attach = (gateway: TestGateway, shareId: string, wish: Record<string, unknown> = {}) =>
  gateway.query(ATTACH, { input: { serverId: DEMO.serverId, shareId, ...wish } });
export const detach = (gateway: TestGateway, shareId: string) =>
  gateway.query(DETACH, { input: { serverId: DEMO.serverId, shareId } });
export const codeOf = (answer: Awaited<ReturnType<typeof attach>>) => answer.errors?.[0]?.extensions.code;

/** The project's attachments; null while they cannot be had. */
export async function seen(
  gateway: TestGateway,
): Promise<{ shareId: string; status: string; mountPoint: string | null; accessLevel: string }[] | null> {
  const { data, errors } = await gateway.query(LIST);
  return errors ? null : data.shareAttachments.nodes;
}

/** Shares of ours that the server may reach, as Manila has it, each as often as it has a rule of ours. */
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

/** Looks until nothing is on its way, as its users do; gives what is attached then. */
export async function settled(gateway: TestGateway): Promise<string[]> {
  const nodes = await until(async () => {
    const now = await seen(gateway);
    return now?.every(({ status }) => status === 'ATTACHED') ? now : null;
  });
  return nodes.map(({ shareId }) => shareId).sort();
}

/** An event as these tests compare them. */
export interface Told {
  cursor: string;
  what: string;
}

/** An event's cursor, and `<share id> <type>`. */
export const told = ({ cursor, type, attachment }: HeardEvent): Told => ({
  cursor,
  what: `${attachment.shareId} ${type}`,
});

/** The events of the project's whole log, up to where it stands. */
export async function logOf(gateway: TestGateway): Promise<Told[]> {
  const { data } = await gateway.query('{ shareAttachments(first: 1) { eventCursor } }');
  const end = data.shareAttachments.eventCursor;
  const events: Told[] = [];
  const listener = listen(gateway, { after: '0-0' });
  while (end !== '0-0' && events.at(-1)?.cursor !== end) events.push(told(await listener.next()));
  await listener.close();
  return events;
}

/** Listens until it has heard, with those before, just the events of this log (`all`), or is told that its place is lost (CURSOR_EXPIRED). */
export async function hear(listener: Listener, log: readonly Told[], before: readonly Told[]): Promise<string> {
  const heard = [...before];
  try {
    while (JSON.stringify(heard) !== JSON.stringify(log)) heard.push(told(await listener.next()));
    return 'all';
  } catch (error) {
    const reason = error instanceof Error ? error.message : JSON.stringify(error);
    return /CURSOR_EXPIRED|event log/.test(reason) ? 'CURSOR_EXPIRED' : reason;
  }
}

/** Each attachment started once and came about once. */
export function expectEachOnce(events: readonly Told[], shareIds: readonly string[]): void {
  const wanted = shareIds.flatMap((id) => [`${id} ATTACHED`, `${id} ATTACH_STARTED`]);
  expect(events.map(({ what }) => what).sort()).toEqual(wanted.sort());
}
