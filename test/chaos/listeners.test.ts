import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import { startSandbox } from '../../src/sandbox/index.ts';
import { eventually } from '../support/eventually.ts';
import { startBundledGateway } from '../support/gateway-process.ts';
import { badEvents, newPrefix, openLedger } from '../support/ledger.ts';
import { randomFrom, testSeed } from '../support/random.ts';
import { startRedisServer } from '../support/redis.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { ACCOUNT, asUser, type Pair } from './environment.ts';
import { startListener } from './listening.ts';

const CUTS = 100;
const EVENTS = 1000;
const PAIRS = 6;
/** Pause between two cycles of a pair, in ms: enough events, and time for the cuts. */
const PAUSE_MS = 250;

const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

test(`The example listener, cut off ${CUTS} times while ${EVENTS} events happen, the gateway and Redis killed once each -> each event once, in order`, async () => {
  const directory = mkdtempSync(join(tmpdir(), 'listener-'));
  undo.push(() => rmSync(directory, { recursive: true }));
  const redis = await startRedisServer('--appendonly', 'yes', '--dir', directory);
  undo.push(() => redis.stop());
  const sandbox = await startSandbox({ seed: 'empty', accessDelayMs: 5 });
  undo.push(() => sandbox.close());
  const prefix = newPrefix();
  const settings = {
    ...ACCOUNT,
    OS_AUTH_URL: sandbox.authUrl,
    REDIS_URL: redis.url,
    REDIS_PREFIX: prefix,
    LOG_LEVEL: 'silent',
    EVENT_LOG_LENGTH: '100000',
    LEASE_MS: '3000',
    UPSTREAM_TIMEOUT_MS: '1000',
  };
  const start = async () => {
    const started = await startBundledGateway(settings);
    undo.push(() => started.kill());
    return started;
  };
  let gateway = await start();
  const portOf = () => Number(new URL(gateway.graphiql).port);
  const wire = await startTcpProxy(portOf());
  undo.push(() => wire.close());
  const token = sandbox.issueToken('demo');
  const ledger = await openLedger(redis.url, prefix, sandbox.addServer().projectId);
  undo.push(() => ledger.close());

  const cursorFile = join(directory, 'cursor');
  // from the start of the log: the program runs before the first event
  writeFileSync(cursorFile, '0-0');
  const listening = startListener(`ws://127.0.0.1:${wire.port}/graphql`, cursorFile, token);
  undo.push(() => listening.stop());
  const received = listening.cursors;

  // pairs that are attached and detached repeatedly, whatever fails
  let isEnough = false;
  const cycle = async (pair: Pair) => {
    while (!isEnough) {
      const user = asUser({ token }, gateway);
      await user
        .attach(pair)
        .then(() => user.detach(pair))
        .catch(() => undefined);
      await wait(PAUSE_MS);
    }
  };
  const cycles = Array.from({ length: PAIRS }, (_, i) => {
    const server = sandbox.addServer({ ports: [{ network: 'private', fixedIps: [`10.10.1.${i + 1}`] }] });
    const share = sandbox.addShare();
    return cycle({ id: `${server.id}:${share.id}`, serverId: server.id, shareId: share.id });
  });

  const random = randomFrom(testSeed());
  for (let cuts = 0; cuts < CUTS; ) {
    const next = received.length + Math.floor(random() * 10);
    await eventually(
      async () => received.length >= next,
      () => `more than ${next} events received after ${cuts} cuts`,
    );
    if (wire.cut() === 0) continue;
    cuts++;
    if (cuts === Math.floor(CUTS / 3)) {
      await gateway.kill();
      gateway = await start();
      wire.forwardTo(portOf());
    }
    if (cuts === Math.floor((2 * CUTS) / 3)) {
      await redis.stop();
      await redis.start();
    }
  }
  await eventually(
    async () => received.length >= EVENTS,
    () => `${EVENTS} events, not ${received.length}`,
  );
  isEnough = true;
  await Promise.all(cycles);

  const cursors = async () => (await ledger.events()).map((event) => event.cursor);
  await eventually(
    async () => {
      const records = await ledger.records();
      const isSettled = records.every((record) => !/ing$/.test(record.status));
      return isSettled && received.at(-1) === (await cursors()).at(-1);
    },
    () => `the last event received, after ${received.length}`,
  );
  expect(received).toEqual(await cursors());
  expect(badEvents(await ledger.events(), await ledger.records())).toEqual([]);
  expect(received.length).toBeGreaterThanOrEqual(EVENTS);
}, 300_000);
