import { afterEach, expect, test } from '@jest/globals';
import { DEMO } from '../../src/sandbox/index.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { until } from '../support/until.ts';

/** attachShare(input: {tellGuest: true}): the mount as an item of the server's metadata. */

const ATTACH = `mutation ($input: AttachShareInput!) { attachShare(input: $input) { attachment { status } } }`;
const DETACH = `mutation ($input: DetachShareInput!) {
  detachShare(input: $input) { attachment { status warnings { code message } } }
}`;
const READ = `query ($server: ID!, $share: ID!) {
  shareAttachment(serverId: $server, shareId: $share) { status warnings { code certainty field } }
}`;
const KEY = `share:${DEMO.nfsShareId}`;

const open: { close(): Promise<unknown> }[] = [];

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

async function attach(serverId: string, input: object): Promise<TestGateway> {
  const gateway = await startGateway();
  open.push(gateway);
  const { errors } = await gateway.query(ATTACH, { input: { serverId, shareId: DEMO.nfsShareId, ...input } });
  expect(errors).toBeUndefined();
  await until(async () => (await read(gateway, serverId)).status === 'ATTACHED');
  return gateway;
}

async function read(gateway: TestGateway, serverId: string) {
  const { data } = await gateway.query(READ, { server: serverId, share: DEMO.nfsShareId });
  return data.shareAttachment;
}

const metadataOf = (gateway: TestGateway, serverId: string) => gateway.sandbox.server(serverId)?.metadata ?? {};

test('attached -> an item with type, level, source and mount point; detached -> it is removed', async () => {
  const gateway = await attach(DEMO.serverId, { tellGuest: true, mountPoint: '/srv/home' });
  expect(metadataOf(gateway, DEMO.serverId)[KEY]).toMatch(/^nfs rw 10\.20\.0\.11:\/shares\/\S+ \/srv\/home$/);
  expect((await read(gateway, DEMO.serverId)).warnings).toEqual([]);
  await gateway.query(DETACH, { input: { serverId: DEMO.serverId, shareId: DEMO.nfsShareId } });
  expect(metadataOf(gateway, DEMO.serverId)).not.toHaveProperty([KEY]);
});

test('not asked for -> no item', async () => {
  const gateway = await attach(DEMO.serverId, {});
  expect(metadataOf(gateway, DEMO.serverId)).not.toHaveProperty([KEY]);
});

test('the server is locked -> attached all the same, with a warning', async () => {
  const gateway = await startGateway();
  open.push(gateway);
  const server = gateway.sandbox.addServer({
    name: 'locked',
    isLocked: true,
    ports: [{ network: 'private', fixedIps: ['10.10.0.77'] }],
  });
  const input = { serverId: server.id, shareId: DEMO.nfsShareId, tellGuest: true };
  await gateway.query(ATTACH, { input });
  await until(async () => (await read(gateway, server.id)).status === 'ATTACHED');
  const { warnings } = await read(gateway, server.id);
  expect(warnings).toEqual([{ code: 'GUEST_NOT_INFORMED', certainty: 'LIKELY', field: 'tellGuest' }]);
});

test('longer than 255 characters -> attached all the same, with a warning', async () => {
  const gateway = await attach(DEMO.serverId, { tellGuest: true, mountPoint: `/srv/${'x'.repeat(240)}` });
  expect((await read(gateway, DEMO.serverId)).warnings).toMatchObject([{ code: 'GUEST_NOT_INFORMED' }]);
  expect(metadataOf(gateway, DEMO.serverId)).not.toHaveProperty([KEY]);
});
