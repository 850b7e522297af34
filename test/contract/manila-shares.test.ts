import { afterEach, describe, expect, test } from '@jest/globals';
import { updateAccessLevel } from '../../src/openstack/manila/client.ts';
import { getShareLimits, listShareTypes } from '../../src/openstack/manila/options.ts';
import { createShare, deleteShare, resizeShare } from '../../src/openstack/manila/shares.ts';
import type { Session } from '../../src/openstack/session.ts';
import { readExchanges } from '../sandbox/recorded.ts';
import { closeAll, essence, type Fixture, replay } from './service.ts';

afterEach(closeAll);

const EXCHANGES = readExchanges('manila');

/** A recorded exchange of the sandbox's fixtures as one to replay. */
function recorded(name: string): Fixture {
  const found = EXCHANGES.find((exchange) => exchange.name === name);
  if (!found?.response) throw new Error(`No exchange ${name}`);
  const { method, url, headers = {}, body = null } = found.request;
  return {
    request: { method, path: url.replace('{origin}/share', ''), headers, body },
    response: found.response,
  };
}

const idIn = ({ request }: Fixture) => request.path.split('/')[3] ?? '';

/** Calls of the client with what each of them was recorded with. */
const CALLS: [name: string, call: (session: Session, exchange: Fixture) => Promise<unknown>, answer: unknown][] = [
  [
    '038-create-nfs',
    (session, { request }) =>
      createShare(session, (request.body as { share: Parameters<typeof createShare>[1] }).share),
    expect.objectContaining({ status: 'creating', share_proto: 'NFS', metadata: expect.any(Object) }),
  ],
  ['171-extend', (session, exchange) => resizeShare(session, idIn(exchange), 'extend', 3), undefined],
  ['174-shrink', (session, exchange) => resizeShare(session, idIn(exchange), 'shrink', 2), undefined],
  ['176-delete-share-with-rules', (session, exchange) => deleteShare(session, idIn(exchange), null), undefined],
  ['114-access-level-update', (session, exchange) => updateAccessLevel(session, idIn(exchange), 'ro'), undefined],
  [
    '035-share-types',
    (session) => listShareTypes(session),
    expect.arrayContaining([expect.objectContaining({ is_default: true })]),
  ],
  ['037-limits', (session) => getShareLimits(session), expect.objectContaining({ maxTotalShares: -1 })],
];

describe('as recorded from Manila', () => {
  test.each(CALLS)('%s -> the same request, and its answer read', async (name, call, expected) => {
    const exchange = recorded(name);
    const { answer, error, asked } = await replay(exchange, 'epoxy', (session) => call(session, exchange));
    expect(error).toBeNull();
    expect(asked.map(essence)).toEqual([essence(exchange.request)]);
    expect(answer).toEqual(expected);
  });

  test.each([
    ['173-extend-smaller', 400, /New size for extend must be greater/],
    ['047-create-dhss-true-without-network', 400, /Share network must be set/],
    ['046-create-unknown-type', 404, /Share type not found/],
    ['182-delete-unknown', 404, /could not be found/],
  ])('%s -> a final error with Manila’s words', async (name, status, message) => {
    const exchange = recorded(name);
    const { error } = await replay(exchange, 'epoxy', (session) =>
      deleteShare(session, '74fd53dd-5483-4e5b-a038-8f60739d2daa', null),
    );
    expect(error).toMatchObject({ status, outcome: 'final', upstreamMessage: expect.stringMatching(message) });
  });
});
