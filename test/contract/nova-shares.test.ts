import { afterEach, describe, expect, test } from '@jest/globals';
import {
  attachServerShare,
  detachServerShare,
  getServerShare,
  listInstanceActions,
  listServerShares,
  powerServer,
} from '../../src/openstack/nova/shares.ts';
import { closeAll, essence, type Fixture, fixture, replay } from './service.ts';

afterEach(closeAll);

const recorded = (name: string) => fixture('nova', name, 'epoxy');
const ids = ({ request }: Fixture) => request.path.split(/[/?]/).filter((part) => /^[0-9a-f]{8}-/.test(part));
const idOf = (of: Fixture, at: number) => ids(of)[at] ?? '';
const requestIdOf = ({ response }: Fixture) => response.headers['x-openstack-request-id'] ?? null;
const share = (of: Fixture) => (of.response.body as { share: unknown }).share;

describe("Nova's share attachments, as recorded from 2025.1", () => {
  test('attach -> what Nova shows of it, and the id of the request', async () => {
    const of = recorded('server-share-attach');
    const { share_id: shareId, tag } = (of.request.body as { share: { share_id: string; tag: string } }).share;
    const { answer, asked } = await replay(of, 'epoxy', (session) =>
      attachServerShare(session, idOf(of, 0), { shareId, tag }),
    );
    expect(asked.map(essence)).toEqual([essence(of.request)]);
    expect(answer).toEqual({ share: share(of), openstackRequestId: requestIdOf(of) });
  });

  test.each([
    ['server-share-attach-active', /vm_state active/],
    ['server-share-attach-cifs', /protocol CIFS is not supported/],
    ['server-share-attach-again', /already associated to this server/],
  ])('%s -> a final 409 with its words', async (name, words) => {
    const of = recorded(name);
    const { share_id: shareId } = (of.request.body as { share: { share_id: string } }).share;
    const { error } = await replay(of, 'epoxy', (session) =>
      attachServerShare(session, idOf(of, 0), { shareId, tag: shareId }),
    );
    expect(error).toMatchObject({ status: 409, outcome: 'final', upstreamMessage: expect.stringMatching(words) });
  });

  test('one and all of a server', async () => {
    const one = recorded('server-share');
    const got = await replay(one, 'epoxy', (session) => getServerShare(session, idOf(one, 0), idOf(one, 1)));
    expect(got.asked.map(essence)).toEqual([essence(one.request)]);
    expect(got.answer).toEqual(share(one));
    const all = recorded('server-shares');
    const listed = await replay(all, 'epoxy', (session) => listServerShares(session, idOf(all, 0)));
    expect(listed.asked.map(essence)).toEqual([essence(all.request)]);
    expect(listed.answer).toEqual((all.response.body as { shares: unknown }).shares);
  });

  test('one that is not there -> null; of another project, also for an administrator -> 403', async () => {
    const unknown = recorded('server-share-unknown');
    const { answer } = await replay(unknown, 'epoxy', (session) =>
      getServerShare(session, idOf(unknown, 0), idOf(unknown, 1)),
    );
    expect(answer).toBeNull();
    const foreign = recorded('server-shares-other-project');
    const { error } = await replay(foreign, 'epoxy', (session) => listServerShares(session, idOf(foreign, 0)));
    expect(error).toMatchObject({ status: 403, outcome: 'final' });
  });

  test('the actions of a server, in pages -> newest first', async () => {
    // recorded as a whole list: limit and marker are since 2.58 (nova api/openstack/compute/instance_actions.py)
    const of = recorded('instance-actions');
    const marker = 'req-cd497df5-3d18-46a2-9a1f-53bc7fb0e2e2';
    const { answer, asked } = await replay(of, 'epoxy', (session) =>
      listInstanceActions(session, idOf(of, 0), { limit: 21, marker }),
    );
    expect(asked.map(({ path }) => path)).toEqual([`${of.request.path}?limit=21&marker=${marker}`]);
    expect(answer).toEqual((of.response.body as { instanceActions: unknown }).instanceActions);
  });

  test('detach -> accepted with an empty body; again -> gone', async () => {
    const of = recorded('server-share-detach');
    const first = await replay(of, 'epoxy', (session) => detachServerShare(session, idOf(of, 0), idOf(of, 1)));
    expect(first.asked.map(essence)).toEqual([essence(of.request)]);
    expect(first.answer).toEqual({ isGone: false, openstackRequestId: requestIdOf(of) });
    const again = recorded('server-share-detach-again');
    const second = await replay(again, 'epoxy', (session) =>
      detachServerShare(session, idOf(again, 0), idOf(again, 1)),
    );
    expect(second.answer).toMatchObject({ isGone: true });
  });

  test('start -> the id of the request', async () => {
    const of = recorded('server-start');
    const { answer, asked } = await replay(of, 'epoxy', (session) =>
      powerServer(session, idOf(of, 0), { 'os-start': null }),
    );
    expect(asked.map(essence)).toEqual([essence(of.request)]);
    expect(answer).toBe(requestIdOf(of));
  });
});
