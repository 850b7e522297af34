import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Cluster } from 'ioredis';
import { pino } from 'pino';
import type { Attachment } from '../../../src/attachments/attachment.ts';
import type { AttachmentStore } from '../../../src/attachments/store/contract.ts';
import { createKeys } from '../../../src/attachments/store/keys.ts';
import { createRedisStore } from '../../../src/attachments/store/redis.ts';
import { connectRedis, type RedisConnections } from '../../../src/redis/connect.ts';
import { attachmentEvent } from '../../support/attachment-records.ts';
import { anAttachment, anEvent } from '../../support/attachments.ts';
import { startGateway } from '../../support/gateway.ts';
import { listen } from '../../support/listener.ts';
import {
  allAttached,
  attach,
  codeOf,
  expectEachOnce,
  granted,
  hear,
  logOf,
  nthRuleChange,
  SOON,
  toEntry,
} from '../../support/outage.ts';
import { type RedisServer, randomPrefix } from '../../support/redis.ts';
import { until } from '../../support/until.ts';
import { cluster } from './cluster.ts';

const log = pino({ level: 'silent' });

describe('a slot moves to another master', () => {
  test('while attachments run on two gateways -> all become attached, each event once, listeners receive all', async () => {
    const env = { REDIS_URL: cluster.url, ...SOON };
    const one = await startGateway({ env });
    const { REDIS_PREFIX } = one.config;
    const two = await startGateway({ env: { ...env, REDIS_PREFIX }, sandbox: one.sandbox });
    const listeners = [listen(one, { after: '0-0' }), listen(two, { after: '0-0' })] as const;
    const [first, ...shares] = Array.from({ length: 17 }, () => one.sandbox.addShare().id) as [string, ...string[]];
    await attach(two, first);
    const before = await Promise.all(listeners.map(async (one) => (await one.until('ATTACHED')).map(toEntry)));

    const { data } = await one.query('{ viewer { project { id } } }');
    const key = createKeys(REDIS_PREFIX).projectIndex(data.viewer.project.id);
    const third = nthRuleChange(one, 3);
    const asking = Promise.all(shares.map((id, i) => attach(i % 2 ? one : two, id)));
    await third;
    const owner = await cluster.ownerOf(key);
    expect(await cluster.moveSlot(key)).not.toBe(owner);

    const results = await asking;
    const refused = results.filter(({ errors }) => errors);
    expect(refused.map(codeOf)).toEqual(refused.map(() => 'STATE_UNAVAILABLE'));
    const all = await allAttached(two);
    expect(all).toEqual(expect.arrayContaining([first, ...shares.filter((_, i) => !results[i]?.errors)]));
    expect(granted(one, [first, ...shares]).sort()).toEqual(all);
    const events = await logOf(one);
    expectEachOnce(events, all);
    for (const [i, listener] of listeners.entries()) {
      expect(await hear(listener, events, before[i] ?? [])).toBe('all');
      await listener.close();
    }
    await two.close();
    await one.close();
  });
});

describe('the store', () => {
  const project = anAttachment().projectId;
  let prefix: string;
  let redis: RedisConnections;
  let store: AttachmentStore;

  beforeEach(async () => {
    prefix = randomPrefix();
    redis = connectRedis(cluster.url, log);
    await redis.ready();
    store = await createRedisStore({ redis, prefix, logLength: 100, log });
  });
  afterEach(async () => {
    await store.close();
    await redis.close();
  });

  async function created(projectId = project, mountPoint: string | null = null): Promise<Attachment> {
    const given = anAttachment({ projectId, mountPoint, serverId: 'server-1' });
    const made = await store.create(given, anEvent('ATTACH_STARTED', given), null, 0);
    if (made.outcome !== 'created') throw new Error(made.outcome);
    return made.attachment;
  }
  const outcome = (asked: Promise<unknown>) =>
    asked.then(
      () => 'done',
      ({ code }) => code,
    );
  const ids = (attachments: readonly Attachment[]) => attachments.map(({ id }) => id).sort();

  test('reads and removals while each key of a slot moves -> complete or refused, never half', async () => {
    const made: Attachment[] = [];
    for (let i = 0; i < 6; i++) made.push(await created(project, `/mnt/${i}`));
    const stay = made.slice(3);
    const heard: string[] = [];
    await store.subscribe(
      project,
      (event) => void heard.push(`${attachmentEvent(event).attachment.id} ${event.type}`),
      () => void heard.push('lost'),
    );

    // The indexes move first: 1 of the project, 1 of the server, 6 of shares. Checked three times only, because each
    // refusal takes as long as commands wait for a slot.
    const outcomes: string[] = [];
    const between = async (moved: number) => {
      const at = [0, 9, 15].indexOf(moved);
      if (at < 0) return;
      const lists = Promise.all([
        store.list(project, { first: 100, after: null }).then(({ items }) => items.map((item) => item.attachment)),
        store.listForServers(project, ['server-1']).then(([list = []]) => list),
      ]).catch(({ code }) => code);
      outcomes.push(
        await outcome(
          store.remove(made[at] as Attachment, { event: anEvent('DETACHED', made[at] as Attachment, 'detached') }),
        ),
      );
      const read = await lists;
      // a returned list lacks only what was removed
      for (const list of read === 'STATE_UNAVAILABLE' ? [] : read) {
        expect(ids(list)).toEqual(expect.arrayContaining(ids(stay)));
      }
    };
    await cluster.moveSlot(createKeys(prefix).projectIndex(project), {
      between,
      first: /:(attachments|server|share|log):/,
    });
    expect(outcomes).toHaveLength(3);

    const left = ids((await store.list(project, { first: 100, after: null })).items.map((item) => item.attachment));
    expect(left).toEqual(ids(made.filter((_, i) => i > 2 || outcomes[i] !== 'done')));
    expect(ids((await store.listForServers(project, ['server-1']))[0] ?? [])).toEqual(left);
    expect(
      ids(
        (
          await store.listForShares(
            project,
            made.map(({ shareId }) => shareId),
          )
        ).flat(),
      ),
    ).toEqual(left);
    expect((await store.due(100)).map(({ id }) => id).sort()).toEqual(left);
    for (const [i, { id }] of made.entries()) {
      expect((await store.get(project, id)) !== null).toBe(left.includes(id));
      // a mount point goes with its attachment, not before
      const again = anAttachment({ serverId: 'server-1', mountPoint: `/mnt/${i}` });
      expect((await store.create(again, null, null)).outcome).toBe(left.includes(id) ? 'mount_point_taken' : 'created');
    }
    const last = await created();
    const expected = [
      ...made.filter(({ id }) => !left.includes(id)).map(({ id }) => `${id} DETACHED`),
      `${last.id} ATTACH_STARTED`,
    ];
    await until(() => heard.length >= expected.length);
    expect(heard).toEqual(expected);
  });

  test('a connection is lost with a change pending, which is executed -> STATE_UNAVAILABLE; it is not sent again', async () => {
    const key = createKeys(prefix).projectIndex(project);
    const master = cluster.servers[await cluster.ownerOf(key)] as RedisServer;
    const attachment = await created();
    const end = await store.lastCursor(project);
    master.pause();
    const asked = outcome(store.commit(attachment, { dueInMs: null, event: anEvent('ATTACHED', attachment) }));
    // executed, but its reply has no reader
    await new Promise((resolve) => setImmediate(resolve));
    for (const node of (redis.commands as Cluster).nodes())
      if (node.options.port === master.port) node.stream?.destroy();
    master.resume();
    expect(await asked).toBe('STATE_UNAVAILABLE');
    const events = await until(async () => {
      const now = await store.readEvents(project, end, 10).catch(() => []);
      return now.length > 0 && now;
    });
    expect(events).toHaveLength(1);
    expect(await store.get(project, attachment.id)).toMatchObject({ version: 2 });
  });

  test('a master is down -> projects on the others work; due returns their work; reads that need every shard are refused', async () => {
    const projects = Array.from({ length: 12 }, (_, i) => `project-${i}`);
    const owners = await Promise.all(projects.map((id) => cluster.ownerOf(createKeys(prefix).projectIndex(id))));
    for (const projectId of projects) await created(projectId);
    expect(new Set(owners).size).toBe(3);
    const lost = await cluster.ownerOf(createKeys(prefix).projectIndex(projects[0] as string));
    const [gone, there] = [
      projects.filter((_, i) => owners[i] === lost),
      projects.filter((_, i) => owners[i] !== lost),
    ];

    await cluster.servers[lost]?.stop();
    await until(async () => (await outcome(store.lastCursor(gone[0] as string))) === 'STATE_UNAVAILABLE');
    expect(await outcome(created(gone[0]))).toBe('STATE_UNAVAILABLE');
    for (const projectId of there) await created(projectId);
    expect([...new Set((await store.due(1000)).map(({ projectId }) => projectId))].sort()).toEqual(there.sort());
    expect((await store.pendingProjects(1000)).sort()).toEqual(there);
    expect(await outcome(store.projects())).toBe('STATE_UNAVAILABLE');
    expect(
      await outcome(
        store.subscribe(
          gone[0] as string,
          () => undefined,
          () => undefined,
        ),
      ),
    ).toBe('STATE_UNAVAILABLE');
    await cluster.heal();
  });
});
