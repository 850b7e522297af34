import { afterEach, expect, test } from '@jest/globals';
import { DEMO } from '../../src/sandbox/index.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { hearingLog } from '../support/log.ts';
import { until } from '../support/until.ts';

const ATTACH = `mutation ($input: AttachShareInput!) { attachShare(input: $input) { attachment { status } } }`;
const SEE = (fields: string) =>
  `query ($serverId: ID!, $shareId: ID!) { shareAttachment(serverId: $serverId, shareId: $shareId) { ${fields} } }`;

let gateway: TestGateway;
afterEach(() => gateway.close());

async function attached(pair: { serverId: string; shareId: string }, token = gateway.token): Promise<void> {
  const { errors } = await gateway.query(ATTACH, { input: pair }, token);
  expect(errors).toBeUndefined();
  await until(async () => {
    const { data } = await gateway.query(SEE('status'), pair, token);
    return data.shareAttachment?.status === 'ATTACHED';
  });
}

test('an administrator reads the share -> no export location on the administrators’ network', async () => {
  gateway = await startGateway();
  const pair = { serverId: DEMO.serverId, shareId: DEMO.nfsShareId };
  const isAdminOnly = (path: string) =>
    gateway.sandbox.share(pair.shareId)?.exportLocations.some((one) => one.isAdminOnly && one.path === path);
  const document = `query ($id: ID!) { share(id: $id) { exportLocations { path } } }`;
  const { data } = await gateway.query(document, { id: pair.shareId }, gateway.sandbox.issueToken('admin'));
  const paths = data.share.exportLocations.map((location: { path: string }) => location.path);
  expect(paths).toHaveLength(2);
  expect(paths.filter(isAdminOnly)).toEqual([]);
  expect(gateway.sandbox.share(pair.shareId)?.exportLocations).toHaveLength(3);
});

test('only an export location on the administrators’ network -> ATTACHING: a guest could not mount it', async () => {
  gateway = await startGateway();
  const share = gateway.sandbox.share(DEMO.nfsShareId);
  const locations = share?.exportLocations ?? [];
  gateway.sandbox.updateShare(DEMO.nfsShareId, {
    exportLocations: locations.map((location) => ({ ...location, isAdminOnly: true })),
  });
  const admin = gateway.sandbox.issueToken('admin');
  const pair = { serverId: DEMO.serverId, shareId: DEMO.nfsShareId };
  const { errors } = await gateway.query(ATTACH, { input: pair }, admin);
  expect(errors).toBeUndefined();
  const reads = () => gateway.sandbox.requests.filter(({ path }) => path.endsWith('/export_locations')).length;
  await until(() => reads() >= 3);
  expect((await gateway.query(SEE('status'), pair)).data.shareAttachment.status).toBe('ATTACHING');
  gateway.sandbox.updateShare(DEMO.nfsShareId, { exportLocations: locations });
  await until(async () => (await gateway.query(SEE('status'), pair)).data.shareAttachment.status === 'ATTACHED');
});

test('CephFS -> the key is in no mount command; its read as accessKey is in the log, without the key', async () => {
  const { log, lines } = hearingLog();
  gateway = await startGateway({ log });
  const pair = { serverId: DEMO.serverId, shareId: DEMO.cephfsShareId };
  await attached(pair);
  const { data } = await gateway.query(SEE('mountCommands'), pair);
  const id = `srv-${DEMO.serverId}`;
  expect(data.shareAttachment.mountCommands[0]).toContain(`name=${id},secretfile=/etc/ceph/${id}.secret`);
  const audited = () => lines.filter((line) => line.audit === 'access_key_read');
  expect(audited()).toEqual([]);

  const read = await gateway.query(SEE('accessRules { id accessKey }'), pair);
  const [rule] = read.data.shareAttachment.accessRules;
  expect(data.shareAttachment.mountCommands.join(' ')).not.toContain(rule.accessKey);
  expect(audited()).toMatchObject([
    { shareId: pair.shareId, ruleId: rule.id, userId: expect.any(String), projectId: expect.any(String) },
  ]);
  expect(JSON.stringify(lines)).not.toContain(rule.accessKey);
});
