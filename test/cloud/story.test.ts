import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { type App, createApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { listAccessRules } from '../../src/openstack/manila/client.ts';
import { listServers } from '../../src/openstack/nova/client.ts';
import { testRedisUrl } from '../support/redis.ts';
import { listenToShares } from '../support/share-listener.ts';
import { until } from '../support/until.ts';
import { ask, type OpenCloud, openCloud } from './cloud.ts';

/**
 * The whole story of a share on the cloud that OS_CLOUD names: quota, create, attach to three servers, change the level,
 * resize, snapshot, delete with detach. Prints how many calls to OpenStack each step took.
 */

let cloud: OpenCloud;
let app: App;
let url: string;
/** The calls of the gateway since the last step, as `service METHOD status`. */
let calls: string[] = [];
const steps: { step: string; calls: number; nova: number; manila: number; other: number }[] = [];

beforeAll(async () => {
  cloud = await openCloud();
  const config = readConfig({
    PORT: '0',
    UPSTREAM_TIMEOUT_MS: '60000',
    REQUEST_TIMEOUT_MS: '120000',
    LEASE_MS: '180000',
    REDIS_URL: testRedisUrl(),
    REDIS_PREFIX: `cloud-${randomUUID()}:`,
  });
  const log = pino({ level: 'debug' }, { write: (line: string) => void countCall(line) });
  app = await createApp(config, { settings: cloud.settings, credentials: null, sandbox: null }, log);
  url = `${await app.listen()}/graphql`;
}, 60_000);

afterAll(async () => {
  process.stdout.write(`${steps.map((step) => JSON.stringify(step)).join('\n')}\n`);
  await app.close();
  await cloud.close();
}, 60_000);

function countCall(line: string): void {
  const { msg, service, method, path } = JSON.parse(line) as Record<string, string>;
  if (msg === 'openstack call') calls.push(`${service} ${method} ${path}`);
}

const query = (document: string, variables = {}) => ask(url, cloud.session.token, document, variables);

/** Runs one step of the story, and notes its calls. */
async function step<T>(name: string, work: () => Promise<T>): Promise<T> {
  calls = [];
  const result = await work();
  const of = (service: string) => calls.filter((call) => call.startsWith(service)).length;
  const counted = { nova: of('nova'), manila: of('manila') };
  steps.push({ step: name, calls: calls.length, ...counted, other: calls.length - counted.nova - counted.manila });
  return result;
}

test('quota, create, attach to three, change the level, resize, snapshot, delete with detach', async () => {
  const { servers } = await listServers(cloud.session, { limit: 3, filters: { status: ['ACTIVE'] } });
  expect(servers).toHaveLength(3);
  const listener = listenToShares({ wsUrl: url.replace(/^http/, 'ws'), token: cloud.session.token });

  const { limits } = await step('quota', () =>
    query(
      '{ limits { shares { shares { maximum used } shareGib { used } } servers { servers { used } } } shareTypes { name isDefault } }',
    ),
  );
  expect(limits.shares.shares.used).toEqual(expect.any(Number));

  const shareId = await step('create', async () => {
    const input = { name: `story-${randomUUID()}`, sizeGib: 1, protocol: 'NFS', idempotencyKey: randomUUID() };
    const CREATE = 'mutation ($input: CreateShareInput!) { createShare(input: $input) { share { id status } } }';
    const { createShare } = await query(CREATE, { input });
    await listener.types('CREATED');
    expect((await query(CREATE, { input })).createShare.share.id).toBe(createShare.share.id);
    return createShare.share.id as string;
  });

  const attachedTo = (level: string) => async () => {
    const { share } = await query(
      'query ($id: ID!) { share(id: $id) { serversAttached { status accessLevel accessRules { state } } } }',
      { id: shareId },
    );
    type Attached = { status: string; accessLevel: string; accessRules: { state: string }[] };
    const isDone = ({ status, accessLevel, accessRules }: Attached) =>
      status === 'ATTACHED' && accessLevel === level && accessRules.every(({ state }) => state === 'ACTIVE');
    return share.serversAttached.length === 3 && share.serversAttached.every(isDone);
  };
  await step('attach to three', async () => {
    for (const { id: serverId } of servers) {
      const input = { serverId, shareId, mountPoint: `/mnt/story-${shareId}` };
      await query('mutation ($input: AttachShareInput!) { attachShare(input: $input) { attachment { id } } }', {
        input,
      });
    }
    await until(attachedTo('READ_WRITE'));
  });

  await step('change the level of three', async () => {
    for (const { id: serverId } of servers) {
      const input = { serverId, shareId, accessLevel: 'READ_ONLY' };
      await query(
        'mutation ($input: UpdateShareAttachmentInput!) { updateShareAttachment(input: $input) { attachment { id } } }',
        { input },
      );
    }
    await until(attachedTo('READ_ONLY'));
  });
  const rules = (await listAccessRules(cloud.session, shareId)) ?? [];
  expect(rules.map(({ access_level, state }) => [access_level, state])).toEqual(rules.map(() => ['ro', 'active']));

  await step('resize', async () => {
    await query('mutation ($id: ID!) { resizeShare(input: { shareId: $id, sizeGib: 2 }) { operation { id } } }', {
      id: shareId,
    });
    await listener.types('RESIZED');
  });

  const snapshotId = await step('snapshot', async () => {
    const { createSnapshot } = await query(
      'mutation ($id: ID!) { createSnapshot(input: { shareId: $id, name: "story" }) { snapshot { id } } }',
      { id: shareId },
    );
    const { id } = createSnapshot.snapshot;
    await until(
      async () =>
        (await query('query ($id: ID!) { snapshot(id: $id) { status } }', { id })).snapshot.status === 'AVAILABLE',
    );
    return id as string;
  });
  const DELETE = 'mutation ($id: ID!) { deleteShare(input: { shareId: $id, detach: true }) { operation { id } } }';
  await step('delete the snapshot', async () => {
    await query('mutation ($id: ID!) { deleteSnapshot(input: { snapshotId: $id }) { snapshotId } }', {
      id: snapshotId,
    });
    await until(
      async () => (await query('query ($id: ID!) { snapshot(id: $id) { id } }', { id: snapshotId })).snapshot === null,
    );
  });

  await step('delete with detach', async () => {
    await query(DELETE, { id: shareId });
    await listener.types('DELETED');
  });
  const { share } = await query('query ($id: ID!) { share(id: $id) { id } }', { id: shareId });
  expect(share).toBeNull();
  await listener.close();
}, 300_000);
