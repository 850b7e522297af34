import { afterEach, describe, expect, test } from '@jest/globals';
import {
  allowAccess,
  denyAccess,
  getAccessRule,
  getShare,
  getShareNetwork,
  isDuplicateRule,
  listAccessRules,
  listExportLocations,
  listMessages,
  listShares,
  pythonDict,
  updateAccessRuleMetadata,
} from '../../src/openstack/manila/client.ts';
import type { NewAccessRule } from '../../src/openstack/manila/types.ts';
import type { Session } from '../../src/openstack/session.ts';
import { closeAll, essence, fixture, REQUEST_ID, type Release, replay, TOKEN } from './service.ts';

afterEach(closeAll);

const ABSENT = '00000000-dead-4bad-8bad-000000000000';

/** The part of a recorded path after a name: `/shares/<this>`. */
function idIn(path: string, after: string): string {
  return path.split(`/${after}/`)[1]?.split(/[/?]/)[0] ?? '';
}

function idsOf(release: Release) {
  const { request, response } = fixture('manila', 'allow-access', release);
  return { shareId: idIn(request.path, 'shares'), ruleId: (response.body as { access: { id: string } }).access.id };
}

describe.each(['epoxy', 'zed'] as const)('Manila of %s', (release) => {
  const { shareId, ruleId } = idsOf(release);
  const recordedRule = (name: string) =>
    (fixture('manila', name, release).request.body as { allow_access: NewAccessRule }).allow_access;

  test('a share that is there -> its JSON, asked with the one microversion header that Manila reads', async () => {
    const recorded = fixture('manila', 'share', release);
    const { answer, asked } = await replay(recorded, release, (session) => getShare(session, shareId));
    expect(asked.map(essence)).toEqual([essence(recorded.request)]);
    expect(asked[0]?.headers).toMatchObject({
      'x-auth-token': TOKEN,
      'x-openstack-request-id': REQUEST_ID,
      'x-openstack-manila-api-version': recorded.request.headers['x-openstack-manila-api-version'],
    });
    expect(answer).toEqual((recorded.response.body as { share: unknown }).share);
  });

  test('a page of shares with its count -> both, by limit and offset', async () => {
    const recorded = fixture('manila', 'shares-detail', release);
    const { answer, asked } = await replay(recorded, release, (session) =>
      listShares(session, { limit: 2, offset: 2, withCount: true }),
    );
    const body = recorded.response.body as { shares: unknown; count: number };
    expect(asked.map(essence)).toEqual([essence(recorded.request)]);
    expect(answer).toEqual({ shares: body.shares, count: body.count });
  });

  test('filters -> query parameters as Manila names them, metadata as a Python dict', async () => {
    const recorded = fixture('manila', 'shares-detail', release);
    const filters = { 'name~': 'web', status: 'available', metadata: { seed: "it's" } };
    const { asked } = await replay(recorded, release, (session) => listShares(session, { limit: 1, filters }));
    const query = new URLSearchParams(asked[0]?.path.split('?')[1]);
    expect(Object.fromEntries(query)).toEqual({
      limit: '1',
      'name~': 'web',
      status: 'available',
      metadata: "{'seed': 'it\\'s'}",
    });
  });

  test('export locations -> the list, with which are preferred', async () => {
    const recorded = fixture('manila', 'export-locations', release);
    const { answer, asked } = await replay(recorded, release, (session) => listExportLocations(session, shareId));
    expect(asked.map(essence)).toEqual([essence(recorded.request)]);
    expect(answer).toEqual((recorded.response.body as { export_locations: unknown }).export_locations);
    expect(answer?.map((location) => location.preferred)).toEqual([true, false]);
  });

  test("a share's access rules -> the list, which does not repeat the share's id", async () => {
    const recorded = fixture('manila', 'access-rules', release);
    const { answer, asked } = await replay(recorded, release, (session) => listAccessRules(session, shareId));
    expect(asked.map(essence)).toEqual([essence(recorded.request)]);
    expect(answer).toEqual((recorded.response.body as { access_list: unknown }).access_list);
    expect(answer?.[0]).not.toHaveProperty('share_id');
  });

  test('one access rule -> it, with its share', async () => {
    const recorded = fixture('manila', 'access-rule', release);
    const { answer, asked } = await replay(recorded, release, (session) => getAccessRule(session, ruleId));
    expect(asked.map(essence)).toEqual([essence(recorded.request)]);
    expect(answer).toMatchObject({ id: ruleId, share_id: shareId, state: 'active' });
  });

  test('access is allowed -> a rule that waits to be applied', async () => {
    const recorded = fixture('manila', 'allow-access', release);
    const rule = recordedRule('allow-access');
    const { answer, asked } = await replay(recorded, release, (session) => allowAccess(session, shareId, rule));
    expect(asked.map(essence)).toEqual([essence(recorded.request)]);
    expect(asked[0]?.headers['content-type']).toBe('application/json');
    expect(answer).toMatchObject({ id: ruleId, state: 'queued_to_apply', metadata: rule.metadata });
  });

  test('access is allowed twice -> a 400 that its text identifies', async () => {
    const recorded = fixture('manila', 'allow-access-duplicate', release);
    const rule = recordedRule('allow-access-duplicate');
    const { error, asked } = await replay(recorded, release, (session) => allowAccess(session, shareId, rule));
    expect(asked.map(essence)).toEqual([essence(recorded.request)]);
    expect(error).toMatchObject({ status: 400, faultName: 'badRequest', outcome: 'final' });
    expect(isDuplicateRule(error)).toBe(true);
  });

  test('access is allowed to a network with host bits -> a 400 that is no duplicate', async () => {
    const recorded = fixture('manila', 'allow-access-bad-address', release);
    const rule = recordedRule('allow-access-bad-address');
    const { error } = await replay(recorded, release, (session) => allowAccess(session, shareId, rule));
    expect(error).toMatchObject({ status: 400, outcome: 'final' });
    expect(isDuplicateRule(error)).toBe(false);
  });

  test('access is denied -> done, though the answer is empty and says it is HTML', async () => {
    const recorded = fixture('manila', 'deny-access', release);
    const { error, asked } = await replay(recorded, release, (session) => denyAccess(session, shareId, ruleId));
    expect(error).toBeNull();
    expect(asked.map(essence)).toEqual([essence(recorded.request)]);
  });

  test('a rule that does not exist is denied -> 404', async () => {
    const recorded = fixture('manila', 'deny-access-unknown', release);
    const { error } = await replay(recorded, release, (session) => denyAccess(session, shareId, ruleId));
    expect(error).toMatchObject({ service: 'manila', status: 404, faultName: 'itemNotFound', outcome: 'final' });
    const openstackRequestId = recorded.response.headers['x-compute-request-id'];
    expect(error).toMatchObject({ openstackRequestId });
  });

  test("a rule's metadata is set -> what Manila has of it now", async () => {
    const recorded = fixture('manila', 'access-rule-metadata', release);
    const metadata = { attachment_id: '1' };
    const { answer, asked } = await replay(recorded, release, (session) =>
      updateAccessRuleMetadata(session, ruleId, metadata),
    );
    expect(asked.map(essence)).toEqual([essence(recorded.request)]);
    expect(answer).toEqual((recorded.response.body as { metadata: unknown }).metadata);
  });

  test('messages about a share -> what Manila tells users, newest first', async () => {
    const recorded = fixture('manila', 'messages', release);
    const resourceId = new URLSearchParams(recorded.request.path.split('?')[1]).get('resource_id') ?? '';
    const { answer, asked } = await replay(recorded, release, (session) =>
      listMessages(session, { resourceId, limit: 2 }),
    );
    expect(asked.map(essence)).toEqual([essence(recorded.request)]);
    expect(answer).toEqual([expect.objectContaining({ resource_id: resourceId, action_id: '001', detail_id: '002' })]);
    expect(answer?.[0]?.user_message).toMatch(/^allocate host: No storage could be allocated/);
  });

  test('a share network -> its subnets', async () => {
    const recorded = fixture('manila', 'share-network', release);
    const id = idIn(recorded.request.path, 'share-networks');
    const { answer, asked } = await replay(recorded, release, (session) => getShareNetwork(session, id));
    expect(asked.map(essence)).toEqual([essence(recorded.request)]);
    expect(answer).toEqual((recorded.response.body as { share_network: unknown }).share_network);
    expect(answer?.share_network_subnets).toHaveLength(1);
  });

  const absences: [what: string, name: string, call: (session: Session) => Promise<unknown>][] = [
    ['a share', 'share-unknown', (session) => getShare(session, ABSENT)],
    ['the export locations of a share', 'share-unknown', (session) => listExportLocations(session, ABSENT)],
    ['a share network', 'share-unknown', (session) => getShareNetwork(session, ABSENT)],
    ['an access rule', 'access-rule-unknown', (session) => getAccessRule(session, ruleId)],
    ['the rules of a share (a 400)', 'access-rules-unknown-share', (session) => listAccessRules(session, ABSENT)],
  ];
  test.each(absences)('%s that is not there -> null', async (_what, name, call) => {
    const { answer, error, asked } = await replay(fixture('manila', name, release), release, call);
    expect({ answer, error, asked: asked.length }).toEqual({ answer: null, error: null, asked: 1 });
  });

  test('the microversion is refused -> 406, read, also in words that were never filled in', async () => {
    const recorded = fixture('manila', 'share-microversion-too-high', release);
    const { error } = await replay(recorded, release, (session) => getShare(session, shareId));
    expect(error).toMatchObject({ status: 406, faultName: 'computeFault' });
    expect(error).toHaveProperty('upstreamMessage', expect.stringContaining('is not supported by the API'));
  });

  test('the token is bad -> 401 without a request id', async () => {
    const recorded = fixture('manila', 'share-bad-token', release);
    const { error } = await replay(recorded, release, (session) => getShare(session, shareId));
    expect(error).toMatchObject({ status: 401, faultName: 'error', openstackRequestId: null });
  });
});

test('a reader allows access, in 2025.1 -> refused with 403', async () => {
  const recorded = fixture('manila', 'allow-access-reader', 'epoxy');
  const rule = { access_type: 'ip', access_to: '10.10.0.8', access_level: 'rw' };
  const { error } = await replay(recorded, 'epoxy', (session) => allowAccess(session, ABSENT, rule));
  expect(error).toMatchObject({ status: 403, faultName: 'forbidden', outcome: 'final' });
});

test.each([
  [{}, '{}'],
  [{ a: 'b', c: 'd' }, "{'a': 'b', 'c': 'd'}"],
  [{ "it's": 'a\\b' }, "{'it\\'s': 'a\\\\b'}"],
  [{ a: 'one\ntwo\t\0' }, "{'a': 'one\\x0atwo\\x09\\x00'}"],
  [{ a: 'é"😀' }, `{'a': 'é"😀'}`],
])('a map %j -> the Python dict %s', (map, literal) => {
  expect(pythonDict(map)).toBe(literal);
});
