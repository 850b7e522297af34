import { EventEmitter } from 'node:events';
import { expect, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import { pino } from 'pino';
import type { AttachmentEvent } from '../../src/attachments/attachment.ts';
import type { LogEvent } from '../../src/attachments/store/contract.ts';
import { createSubscriptions } from '../../src/attachments/store/subscriptions.ts';
import { GatewayError } from '../../src/errors.ts';
import { anAttachment, anEvent } from '../support/attachments.ts';
import { until } from '../support/until.ts';

/** Orders of replies that occur too rarely on a real Redis: here the test decides when each reply arrives. */

const cursorOf = (n: number) => (n === 0 ? '0-0' : `${n}-0`);
const eventAt = (n: number): AttachmentEvent => ({ ...anEvent('ATTACHED', anAttachment()), cursor: cursorOf(n) });

/** A Redis with one log, whose replies the test can hold back. */
function aLog() {
  const subscriber = Object.assign(new EventEmitter(), {
    ssubscribe: async () => 1,
    sunsubscribe: async () => 0,
  });
  const commands = new EventEmitter();
  const state = { end: 0, dropped: 0, isAway: false };
  let gate: Promise<void> = Promise.resolve();

  const reader = {
    subscriber: subscriber as unknown as Redis,
    commands: commands as unknown as Redis,
    channelOf: (projectId: string) => projectId,
    log: pino({ level: 'silent' }),
    async lastCursor() {
      const answer = cursorOf(state.end);
      await gate;
      return answer;
    },
    async readEvents(_projectId: string, after: string, limit: number) {
      if (state.isAway) throw new GatewayError('STATE_UNAVAILABLE', 'away');
      const from = Number.parseInt(after, 10);
      const to = Math.min(state.end, from + limit);
      const isExpired = from < state.dropped;
      await gate;
      return isExpired ? ('expired' as const) : Array.from({ length: to - from }, (_, i) => eventAt(from + 1 + i));
    },
  };

  return {
    ...createSubscriptions(reader),
    state,
    commands,
    /** Holds back replies until the returned function is called. */
    hold() {
      let open = () => {};
      gate = new Promise((resolve) => {
        open = resolve;
      });
      return () => {
        gate = Promise.resolve();
        open();
      };
    },
    /** Appends events; only the last `published` of them are published. */
    append(count = 1, published = count) {
      for (let i = count; i > 0; i--) {
        state.end += 1;
        if (i > published) continue;
        const message = `${cursorOf(state.end)} ${cursorOf(state.end - 1)} ${JSON.stringify(anEvent('ATTACHED', anAttachment()))}`;
        subscriber.emit('smessage', 'p', message);
      }
    },
  };
}

function ears() {
  const heard: number[] = [];
  const lost: Error[] = [];
  return {
    heard,
    lost,
    args: [
      'p',
      ({ cursor }: LogEvent) => void heard.push(Number.parseInt(cursor, 10)),
      (error: Error) => void lost.push(error),
    ] as const,
  };
}

const tick = () => new Promise((resolve) => setImmediate(resolve));

test('an event is appended while the first subscriber reads the end of the log -> delivered, without waiting for the next', async () => {
  const log = aLog();
  log.state.end = 5;
  const open = log.hold();
  const { heard, args } = ears();
  const following = log.subscribe(...args);
  await tick();
  log.append();
  open();
  await following;
  await until(() => heard.length > 0);
  expect(heard).toEqual([6]);
});

test('a subscriber joins while the others catch up -> it receives only later events', async () => {
  const log = aLog();
  const [early, late] = [ears(), ears()];
  await log.subscribe(...early.args);
  log.append(3, 0);
  await log.subscribe(...late.args);
  log.append();
  await until(() => early.heard.length === 4);
  expect(early.heard).toEqual([1, 2, 3, 4]);
  expect(late.heard).toEqual([4]);
});

test('messages arrive while the log is read -> in order, each once', async () => {
  const log = aLog();
  const { heard, args } = ears();
  await log.subscribe(...args);
  const open = log.hold();
  log.append(3, 1);
  await tick();
  log.append(2);
  open();
  await until(() => heard.length === 5);
  expect(heard).toEqual([1, 2, 3, 4, 5]);
});

test('thousands are missing -> read in pages, all delivered', async () => {
  const log = aLog();
  const { heard, args } = ears();
  await log.subscribe(...args);
  log.append(1700, 1);
  await until(() => heard.length === 1700);
  expect(heard).toEqual(Array.from({ length: 1700 }, (_, i) => i + 1));
});

test('the log dropped the cursor, but a message moved it on meanwhile -> nothing is lost', async () => {
  const log = aLog();
  const { heard, lost, args } = ears();
  await log.subscribe(...args);
  log.append();
  const open = log.hold();
  log.state.dropped = 2;
  log.commands.emit('ready');
  await tick();
  log.append();
  open();
  await tick();
  log.append();
  await until(() => heard.length === 3);
  expect(heard).toEqual([1, 2, 3]);
  expect(lost).toEqual([]);
});

test('the cursor expires while a subscriber joins -> it begins anew, the others get CURSOR_EXPIRED', async () => {
  const log = aLog();
  const [early, late] = [ears(), ears()];
  await log.subscribe(...early.args);
  const open = log.hold();
  log.state.dropped = 4;
  log.append(5, 1);
  const following = log.subscribe(...late.args);
  await tick();
  open();
  await following;
  expect(early.lost).toHaveLength(1);
  log.append();
  await until(() => late.heard.length > 0);
  expect(late.heard).toEqual([6]);
  expect(late.lost).toEqual([]);
  expect(early.heard).toEqual([]);
});

test('the log cannot be read, then the commands are back -> read at once', async () => {
  const log = aLog();
  const { heard, args } = ears();
  await log.subscribe(...args);
  log.state.isAway = true;
  log.append(2, 1);
  await tick();
  expect(heard).toEqual([]);
  log.state.isAway = false;
  log.commands.emit('ready');
  await tick();
  expect(heard).toEqual([1, 2]);
});

test('the log cannot be read though no connection was lost -> tried again', async () => {
  const log = aLog();
  const { heard, args } = ears();
  await log.subscribe(...args);
  log.state.isAway = true;
  log.append(2, 1);
  await tick();
  log.state.isAway = false;
  await until(() => heard.length === 2);
  expect(heard).toEqual([1, 2]);
  log.close();
});
