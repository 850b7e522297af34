import { afterEach, describe, expect, test } from '@jest/globals';
import { request } from '../../src/openstack/http/request.ts';
import { flightKeyOf, singleFlight } from '../../src/openstack/http/single-flight.ts';
import { NOVA } from '../../src/openstack/services.ts';
import type { Identity, Session } from '../../src/openstack/session.ts';
import { closeAll, cloudAt, type Reply, sessionIn, startService, withVersions } from '../contract/service.ts';

/** Which sessions share a read in flight, and which writes invalidate it. */

afterEach(closeAll);

const OK: Reply = { status: 200, body: { things: [] } };
const EXPIRED: Reply = { status: 401, body: { error: { code: 401, title: 'Unauthorized', message: 'Expired.' } } };
const read = (session: Session) => request(session, NOVA, { path: '/things' });
const write = (session: Session) => request(session, NOVA, { method: 'POST', path: '/things', body: {} });

/** A service that answers at once, by token; `gets` are the tokens of its GETs. */
async function started(replies: Record<string, Reply> = {}) {
  const gets: string[] = [];
  const service = await startService(
    withVersions('epoxy', ({ method, path, headers }) => {
      const token = String(headers['x-auth-token']);
      if (method === 'GET' && path === '/v2.1/things') gets.push(token);
      return replies[token] ?? OK;
    }),
  );
  const session = sessionIn(cloudAt(service.url));
  await request(session, NOVA, { path: '/warm' });
  const as = (token: string, identity: Partial<Identity> = {}): Session => ({
    ...session,
    token,
    identity: { ...session.identity, ...identity },
  });
  return { cloud: session.cloud, as, gets };
}

describe('who shares', () => {
  test.each<[string, Partial<Identity>]>([
    ['the same user, project and roles', {}],
    ['the same roles in another order', { roles: ['reader', 'member'] }],
  ])('two tokens of %s at once -> one request', async (_what, identity) => {
    const { as, gets } = await started();
    const answers = await Promise.all([read(as('a')), read(as('b', identity))]);
    expect(gets).toEqual(['a']);
    expect(answers[1]?.body).toBe(answers[0]?.body);
  });

  test.each<[string, Partial<Identity>]>([
    ['user', { userId: 'another' }],
    ['project', { projectId: 'another' }],
    ['role less', { roles: ['reader'] }],
    ['way to sign in, with less than its user may', { isDelegated: true }],
  ])('another %s -> a request each', async (_what, identity) => {
    const { as, gets } = await started();
    await Promise.all([read(as('a')), read(as('b', identity))]);
    expect(gets.toSorted()).toEqual(['a', 'b']);
  });

  test('two delegated tokens -> a request each, the same one twice -> one', async () => {
    const { as, gets } = await started();
    const [a, b] = [as('a', { isDelegated: true }), as('b', { isDelegated: true })];
    await Promise.all([read(a), read(b), read({ ...a })]);
    expect(gets.toSorted()).toEqual(['a', 'b']);
  });
});

describe('a token that has ended', () => {
  test('that of who asked first -> 401 for that one, the others ask once more with one of theirs', async () => {
    const { as, gets } = await started({ ended: EXPIRED });
    const [ended, ...others] = await Promise.allSettled([read(as('ended')), read(as('b')), read(as('c'))]);
    expect(ended).toMatchObject({ status: 'rejected', reason: { status: 401 } });
    expect(others.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
    expect(gets).toEqual(['ended', 'b']);
  });

  test('all of them -> each hears 401 of its own, no more requests than tokens', async () => {
    const { as, gets } = await started({ a: EXPIRED, b: EXPIRED, c: EXPIRED });
    const answers = await Promise.allSettled(['a', 'b', 'c', 'c'].map((token) => read(as(token))));
    for (const answer of answers) expect(answer).toMatchObject({ status: 'rejected', reason: { status: 401 } });
    expect(gets.toSorted()).toEqual(['a', 'b', 'c']);
  });
});

describe('after a write', () => {
  const ADMIN: Partial<Identity> = { projectId: 'of-admins', userId: 'admin', roles: ['admin'] };

  /** Whether a read that began before a write by `writer` is joined after it. */
  async function isJoinedAfter(reader: Partial<Identity>, writer: Partial<Identity>): Promise<boolean> {
    const { cloud, as } = await started();
    let starts = 0;
    let end = () => {};
    const join = () =>
      singleFlight(cloud, flightKeyOf(as('reader', reader)), 'reader', 'things', () => {
        starts += 1;
        return new Promise<void>((resolve) => {
          end = resolve;
        });
      });
    join();
    await write(as('writer', writer));
    join();
    end();
    return starts === 1;
  }

  test.each<[string, Partial<Identity>, Partial<Identity>]>([
    ['another token of the user', {}, {}],
    ['another user of the project', { userId: 'another' }, {}],
    ['an admin of another project', {}, ADMIN],
    ['a member, read by an admin of another project', ADMIN, {}],
  ])('by %s -> earlier reads are not joined', async (_what, reader, writer) => {
    expect(await isJoinedAfter(reader, writer)).toBe(false);
  });

  test('by a member of another project -> reads of before are joined still', async () => {
    expect(await isJoinedAfter({ projectId: 'another' }, {})).toBe(true);
  });
});

describe('what is kept', () => {
  test('many reads by many, some forgotten -> nothing when all are done', async () => {
    const { cloud, as } = await started();
    const sessions = ['a', 'b', 'c', 'd'].map((token, i) => as(token, { projectId: `p${i % 2}`, userId: token }));
    const reads = sessions.flatMap((session) => [read(session), read(session)]);
    await Promise.all([...reads, write(as('a', { projectId: 'p0' }))]);
    expect(cloud.inFlight.size).toBe(0);
  });

  test('a read that closes itself as it starts -> not joined, nothing is kept', async () => {
    const { cloud, as } = await started();
    const scope = flightKeyOf(as('a'));
    const start = (close: () => void) => {
      close();
      return new Promise<string>(() => {});
    };
    const first = singleFlight(cloud, scope, 'a', 'x', start);
    expect(singleFlight(cloud, scope, 'a', 'x', start)).not.toBe(first);
    expect(cloud.inFlight.size).toBe(0);
  });
});
