import { afterEach, expect, test } from '@jest/globals';
import { readRules, untilNextList } from '../../src/attachments/rule-lists.ts';
import { closeAll, cloudAt, type Reply, sessionIn, startService, TOKEN, withVersions } from '../contract/service.ts';
import { until } from '../support/until.ts';

const SHARE = 'e1c0ddf6-6f1a-4e0e-9d5c-6e6c2f6a2f10';
const isList = ({ path }: { path: string }) => path.startsWith('/v2/share-access-rules');

afterEach(closeAll);

/** A Manila whose lists the test answers one by one, the n-th with n rules. */
async function startManila() {
  const held: ((reply: Reply) => void)[] = [];
  const service = await startService(withVersions('epoxy', () => new Promise<Reply>((resolve) => held.push(resolve))));
  let answered = 0;
  return {
    cloud: cloudAt(service.url),
    lists: () => service.requests.filter(isList).length,
    /** Answers the next list, when it has arrived. */
    async answer(reply?: Reply) {
      await until(() => held.length > 0);
      answered += 1;
      const access_list = Array.from({ length: answered }, (_, i) => ({ id: `rule ${i}` }));
      held.shift()?.(reply ?? { status: 200, body: { access_list } });
    },
  };
}

test('many wait for one share -> one list', async () => {
  const { cloud, lists, answer } = await startManila();
  const reads = Array.from({ length: 50 }, () => readRules(sessionIn(cloud), SHARE));
  await answer();
  for (const rules of await Promise.all(reads)) expect(rules).toHaveLength(1);
  expect(lists()).toBe(1);
});

test('a list is under way -> a caller that asks now gets the next one, which starts later', async () => {
  const { cloud, lists, answer } = await startManila();
  const first = readRules(sessionIn(cloud), SHARE);
  await until(() => lists() === 1);
  const later = [readRules(sessionIn(cloud), SHARE), readRules(sessionIn(cloud), SHARE)];
  await answer();
  await answer();
  expect(await first).toHaveLength(1);
  for (const rules of await Promise.all(later)) expect(rules).toHaveLength(2);
  expect(lists()).toBe(2);
});

test('another share, and another project -> lists of their own', async () => {
  const { cloud, lists, answer } = await startManila();
  const session = sessionIn(cloud);
  const other = { ...session, identity: { ...session.identity, projectId: 'another' } };
  const reads = [readRules(session, SHARE), readRules(session, 'another share'), readRules(other, SHARE)];
  for (let i = 0; i < 3; i++) await answer();
  await Promise.all(reads);
  expect(lists()).toBe(3);
});

test('the token of the one that lists has expired -> the others list with theirs', async () => {
  const { cloud, lists, answer } = await startManila();
  const expired = readRules(sessionIn(cloud, { token: 'expired' }), SHARE);
  const valid = readRules(sessionIn(cloud, { token: TOKEN }), SHARE);
  await answer({ status: 401, body: { error: { code: 401, message: 'expired', title: 'Unauthorized' } } });
  await expect(expired).rejects.toMatchObject({ status: 401 });
  await answer();
  expect(await valid).toHaveLength(2);
  expect(lists()).toBe(2);
});

test('a list fails -> all that waited get the error; the next list is a new one', async () => {
  const { cloud, answer } = await startManila();
  const reads = [readRules(sessionIn(cloud), SHARE), readRules(sessionIn(cloud), SHARE)];
  const failed = Promise.allSettled(reads);
  await answer({ status: 403, body: { forbidden: { code: 403, message: 'no' } } });
  expect((await failed).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  const again = readRules(sessionIn(cloud), SHARE);
  await answer();
  expect(await again).toHaveLength(2);
});

test('one that waits leaves -> it rejects at once as a call does that has no time left, the others get their list', async () => {
  const { cloud, answer } = await startManila();
  const leaving = new AbortController();
  const left = readRules({ ...sessionIn(cloud), signal: leaving.signal }, SHARE);
  const stays = readRules(sessionIn(cloud), SHARE);
  leaving.abort(new Error('left'));
  await expect(left).rejects.toMatchObject({ kind: 'timeout', service: 'manila', cause: { message: 'left' } });
  await answer();
  expect(await stays).toHaveLength(1);
});

test('lists without a pause -> after a burst of ten the next one has to wait; another share has not', async () => {
  const { cloud, answer } = await startManila();
  const session = sessionIn(cloud);
  let count = 0;
  while (untilNextList(session, SHARE) === 0) {
    const rules = readRules(session, SHARE);
    await answer();
    await rules;
    count += 1;
  }
  // slower than twice a second, the burst would never end
  expect(count).toBeGreaterThanOrEqual(10);
  expect(untilNextList(session, SHARE)).toBeLessThanOrEqual(500);
  expect(untilNextList(session, 'another share')).toBe(0);
  const next = readRules(session, SHARE);
  await answer();
  await next;
});
