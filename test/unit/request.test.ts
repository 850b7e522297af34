import { inspect } from 'node:util';
import { afterEach, describe, expect, test } from '@jest/globals';
import { closeCloud } from '../../src/openstack/cloud.ts';
import { readFault } from '../../src/openstack/http/faults.ts';
import { path, request } from '../../src/openstack/http/request.ts';
import { MANILA, NOVA } from '../../src/openstack/services.ts';
import type { Session } from '../../src/openstack/session.ts';
import {
  closeAll,
  cloudAt,
  keptLog,
  REQUEST_ID,
  type Reply,
  type Seen,
  sessionIn,
  startService,
  TOKEN,
  withVersions,
} from '../contract/service.ts';

afterEach(closeAll);

const OK: Reply = { status: 200, body: { thing: { name: 'x', list: [1] } } };
const read = (session: Session, what = '/things') =>
  request<{ thing: { list: number[] } }>(session, NOVA, { path: what });
const write = (session: Session) => request(session, NOVA, { method: 'POST', path: '/things', body: { do: 'it' } });

/** A service with the microversion already asked for, so that its requests are the test's own. */
async function started(answer: (seen: Seen) => Reply | Promise<Reply>, settings = {}) {
  const { log, lines, text } = keptLog();
  const service = await startService(withVersions('epoxy', (seen) => (seen.path === '/v2.1/warm' ? OK : answer(seen))));
  const session = sessionIn(cloudAt(service.url, settings), { log });
  await read(session, '/warm');
  service.requests.length = 0;
  return { ...service, session, lines, text };
}

/** Answers that a test lets go one by one, in the order asked. */
function held() {
  const waiting: ((reply: Reply) => void)[] = [];
  return {
    answer: () => new Promise<Reply>((resolve) => waiting.push(resolve)),
    let: (reply: Reply = OK) => waiting.shift()?.(reply),
  };
}

describe('failures', () => {
  test.each<[string, Reply]>([
    ['answers nothing', 'hang'],
    ['stops in the middle of its answer', (response) => void response.writeHead(200).write('{"thing"')],
  ])('the service %s -> a timeout, uncertain', async (_what, reply) => {
    const { session, requests } = await started(() => reply);
    const asking = request(session, NOVA, { method: 'POST', path: '/things', body: {}, timeoutMs: 50 });
    await expect(asking).rejects.toMatchObject({
      service: 'nova',
      kind: 'timeout',
      outcome: 'uncertain',
      message: 'Nova did not answer POST /things in time',
    });
    expect(requests).toHaveLength(1);
  });

  test('the caller leaves during a write -> a timeout, uncertain', async () => {
    const { session, nextRequest } = await started(() => 'hang');
    const leaving = new AbortController();
    const asked = nextRequest();
    const asking = write({ ...session, signal: leaving.signal });
    await asked;
    leaving.abort();
    await expect(asking).rejects.toMatchObject({ kind: 'timeout', outcome: 'uncertain' });
  });

  test('the caller had left before a write -> nothing is sent', async () => {
    const { session, requests } = await started(() => OK);
    await expect(write({ ...session, signal: AbortSignal.abort() })).rejects.toMatchObject({ kind: 'timeout' });
    expect(requests).toEqual([]);
  });

  test('a write waits for the microversion until its time is up -> a timeout, the write is never sent', async () => {
    const service = await startService(() => 'hang');
    const options = { method: 'POST', path: '/things', body: {}, timeoutMs: 50 } as const;
    const asking = request(sessionIn(cloudAt(service.url)), NOVA, options);
    await expect(asking).rejects.toMatchObject({ kind: 'timeout' });
    expect(service.requests.map((seen) => seen.method)).toEqual(['GET']);
  });

  test('connection refused -> unreachable, named by its code, without the address', async () => {
    const { session } = await started(() => OK);
    const endpointOverrides = { nova: 'http://127.0.0.1:1/v2.1' };
    const cloud = cloudAt('http://127.0.0.1:1', { endpointOverrides });
    await expect(write({ ...session, cloud })).rejects.toMatchObject({
      kind: 'unreachable',
      outcome: 'uncertain',
      message: 'Nova could not be reached for GET /v2.1/ (ECONNREFUSED)',
    });
  });

  test('the connections are closed meanwhile -> unreachable', async () => {
    const { session, nextRequest } = await started(() => 'hang');
    const asked = nextRequest();
    const asking = write(session);
    await asked;
    await Promise.all([closeCloud(session.cloud), expect(asking).rejects.toMatchObject({ kind: 'unreachable' })]);
  });

  test('too many calls wait already -> unreachable at once, nothing is sent', async () => {
    const { session, requests } = await started(() => OK);
    session.cloud.calls = 10_000;
    await expect(write(session)).rejects.toMatchObject({ kind: 'unreachable' });
    expect(requests).toEqual([]);
  });

  test.each<[string, Reply]>([
    ['200 with a page', { status: 200, body: '<html>Hello</html>' }],
    ['a redirect', { status: 302, headers: { location: 'http://elsewhere.example.org/' } }],
    ['something that is not HTTP', (response) => void response.socket?.end('nonsense\r\n\r\n')],
  ])('%s -> bad_response, uncertain, not asked again', async (_what, reply) => {
    const { session, requests } = await started(() => reply);
    await expect(read(session)).rejects.toMatchObject({ kind: 'bad_response', outcome: 'uncertain' });
    expect(requests).toHaveLength(1);
  });

  test('an answer of more than 64 MiB -> bad_response, not read on', async () => {
    const block = Buffer.alloc(1024 * 1024, ' ');
    const { session } = await started(() => (response) => {
      const more = () => {
        while (!response.destroyed && response.write(block));
      };
      response.on('drain', more);
      more();
    });
    await expect(read(session)).rejects.toMatchObject({
      kind: 'bad_response',
      message: 'Nova sent an unreadable response to GET /things (UND_ERR_RES_EXCEEDED_MAX_SIZE)',
    });
  });

  test('an answer without what the API promises -> bad_response with its request id', async () => {
    const { session } = await started(() => ({ ...OK, headers: { 'x-compute-request-id': 'req-theirs' } }) as Reply);
    await expect(request(session, NOVA, { path: '/things', expects: 'server' })).rejects.toMatchObject({
      kind: 'bad_response',
      openstackRequestId: 'req-theirs',
      message: 'Nova answered GET /things (200, req-theirs) without a valid `server`',
    });
  });

  test('an empty answer where one is promised -> bad_response', async () => {
    const { session } = await started(() => ({ status: 202 }));
    await expect(request(session, NOVA, { path: '/things', expects: 'server' })).rejects.toMatchObject({ status: 202 });
  });
});

describe('retries', () => {
  const away: [string, Reply][] = [
    ['a reset', 'reset'],
    ['502 with a page', { status: 502, body: '<h1>502 Bad Gateway</h1>' }],
    ['503', { status: 503, body: { serviceUnavailable: { code: 503, message: 'Busy.' } } }],
    ['504', { status: 504 }],
    ['429 that asks for no wait', { status: 429, headers: { 'retry-after': '0' } }],
  ];

  test.each(away)('%s to a read, twice -> asked again, answered', async (_what, reply) => {
    const replies = [reply, reply, OK];
    const { session, requests } = await started(() => replies.shift() ?? 'hang');
    expect((await read(session)).status).toBe(200);
    expect(requests).toHaveLength(3);
  });

  test.each(away)('%s to a write -> not asked again, uncertain', async (_what, reply) => {
    const { session, requests } = await started(() => reply);
    await expect(write(session)).rejects.toMatchObject({ outcome: 'uncertain' });
    expect(requests).toHaveLength(1);
  });

  test('503 to a read, three times -> its last words', async () => {
    let asked = 0;
    const { session, requests } = await started(() => {
      asked += 1;
      return { status: 503, body: { serviceUnavailable: { code: 503, message: `No ${asked}.` } } };
    });
    await expect(read(session)).rejects.toMatchObject({ status: 503, upstreamMessage: 'No 3.' });
    expect(requests).toHaveLength(3);
  });

  test.each<[string, Reply]>([
    ['500', { status: 500 }],
    ['400', { status: 400 }],
    ['503 that asks for a minute', { status: 503, headers: { 'retry-after': '60' } }],
  ])('%s to a read -> not asked again', async (_what, reply) => {
    const { session, requests } = await started(() => reply);
    await expect(read(session)).rejects.toMatchObject({ kind: 'refused' });
    expect(requests).toHaveLength(1);
  });

  test('503 that asks for longer than the deadline -> not asked again, says for how long', async () => {
    const { session, requests } = await started(() => ({ status: 503, headers: { 'retry-after': '2' } }));
    const asking = request(session, NOVA, { path: '/things', timeoutMs: 1500 });
    await expect(asking).rejects.toMatchObject({ status: 503, retryAfterMs: 2000 });
    expect(requests).toHaveLength(1);
  });
});

describe('reads in flight', () => {
  test('the same read twice at once -> one request, one response, frozen', async () => {
    const gate = held();
    const { session, requests, nextRequest } = await started(gate.answer);
    const asked = nextRequest();
    const reads = [read(session), read({ ...session, requestId: 'req-another' })];
    await asked;
    gate.let();
    const [first, second] = await Promise.all(reads);
    expect(requests).toHaveLength(1);
    expect(second?.body).toBe(first?.body);
    expect(Object.isFrozen(first?.body.thing.list)).toBe(true);
    expect(session.cloud.inFlight.size).toBe(0);
  });

  test('another user, path or service, or the same after it is done -> a request each', async () => {
    const { session, requests } = await started(() => OK);
    await request(session, MANILA, { path: '/warm' });
    requests.length = 0;
    await Promise.all([
      read(session),
      read({ ...session, identity: { ...session.identity, userId: 'another' } }),
      read(session, '/others'),
      request(session, MANILA, { path: '/things' }),
    ]);
    await read(session);
    expect(requests).toHaveLength(5);
  });

  test('one of two who wait leaves -> the other gets the answer', async () => {
    const gate = held();
    const { session, requests, nextRequest } = await started(gate.answer);
    const leaving = new AbortController();
    const asked = nextRequest();
    const first = read({ ...session, signal: leaving.signal });
    const second = read(session);
    await asked;
    leaving.abort();
    await expect(first).rejects.toMatchObject({ kind: 'timeout' });
    gate.let();
    expect((await second).status).toBe(200);
    expect(requests).toHaveLength(1);
  });

  test('one fails -> all who wait hear of it, the next asks anew', async () => {
    const gate = held();
    const { session, nextRequest } = await started(gate.answer);
    const asked = nextRequest();
    const reads = [read(session), read(session)];
    await asked;
    gate.let({ status: 500 });
    for (const one of reads) await expect(one).rejects.toMatchObject({ status: 500 });
    const again = nextRequest();
    const next = read(session);
    await again;
    gate.let();
    expect((await next).status).toBe(200);
  });

  test('a write comes between -> a read during it, and one after it, join none of before', async () => {
    const gate = held();
    const { session, requests, nextRequest } = await started(gate.answer);
    const send = async <T>(start: () => Promise<T>) => {
      const asked = nextRequest();
      const running = start();
      await asked;
      return { running };
    };
    const before = await send(() => read(session));
    const writing = await send(() => write(session));
    const during = await send(() => read(session));
    const order = () => requests.map((seen) => seen.method);
    expect(order()).toEqual(['GET', 'POST', 'GET']);
    gate.let();
    await before.running;
    gate.let();
    await writing.running;
    const after = await send(() => read(session));
    expect(order()).toEqual(['GET', 'POST', 'GET', 'GET']);
    gate.let();
    gate.let();
    await Promise.all([during.running, after.running]);
  });
});

describe('shares of the connections', () => {
  const of = (session: Session, projectId: string): Session => ({
    ...session,
    identity: { ...session.identity, projectId },
  });

  test('a project’s calls hang -> its next call waits, another project’s is answered', async () => {
    const waiting: ((reply: Reply) => void)[] = [];
    const { session, requests, nextRequest } = await started(
      ({ path: asked }) => (asked.includes('slow') ? new Promise((resolve) => waiting.push(resolve)) : OK),
      { connectionsPerProject: 2 },
    );
    const slow = [1, 2].map((n) => read(of(session, 'a'), `/slow/${n}`));
    while (requests.length < 2) await nextRequest();
    const own = read(of(session, 'a'), '/own');
    expect((await read(of(session, 'b'), '/other')).status).toBe(200);
    expect(requests.map((seen) => seen.path)).not.toContain('/v2.1/own');
    waiting.shift()?.(OK);
    expect((await own).status).toBe(200);
    waiting.shift()?.(OK);
    await Promise.all(slow);
  });

  test('the deadline passes while a call waits for its project’s connection -> a timeout, nothing is sent', async () => {
    const { session, requests, nextRequest } = await started(() => 'hang', { connectionsPerProject: 1 });
    const asked = nextRequest();
    const first = write(session);
    await asked;
    const second = request(session, NOVA, { method: 'POST', path: '/second', body: {}, timeoutMs: 50 });
    await expect(second).rejects.toMatchObject({ kind: 'timeout' });
    expect(requests.map((seen) => seen.path)).toEqual(['/v2.1/things']);
    await Promise.all([closeCloud(session.cloud), first.catch(() => undefined)]);
  });
});

describe('a service that keeps failing', () => {
  test('each write fails -> after 5 no more are sent: unavailable at once, with the reason; reads go on', async () => {
    const { session, requests } = await started(({ method }) => (method === 'GET' ? OK : { status: 500 }));
    for (let i = 0; i < 5; i++) await expect(write(session)).rejects.toMatchObject({ status: 500 });
    await expect(write(session)).rejects.toMatchObject({
      kind: 'unreachable',
      retryAfterMs: expect.any(Number),
      message: expect.stringMatching(/^Writes to Nova keep failing .*: Nova refused POST \/things \(500\)/),
    });
    expect((await read(session)).status).toBe(200);
    expect(requests.filter(({ method }) => method === 'POST')).toHaveLength(5);
  });

  test.each<[string, Reply]>([
    ['rejects', { status: 409 }],
    ['limits the rate', { status: 429 }],
  ])('it %s each write -> every write is sent', async (_what, reply) => {
    const { session, requests } = await started(() => reply);
    for (let i = 0; i < 8; i++) await expect(write(session)).rejects.toMatchObject({ kind: 'refused' });
    expect(requests).toHaveLength(8);
  });

  test('callers abort their writes -> every write is sent', async () => {
    const { session, requests, nextRequest } = await started(() => 'hang');
    for (let i = 0; i < 8; i++) {
      const leaving = new AbortController();
      const asked = nextRequest();
      const writing = write({ ...session, signal: leaving.signal });
      await asked;
      leaving.abort();
      await expect(writing).rejects.toMatchObject({ kind: 'timeout' });
    }
    expect(requests).toHaveLength(8);
  });

  test('no connection can be opened -> after 5 reads none is tried, for any project', async () => {
    const { session } = await started(() => OK);
    const endpointOverrides = { nova: 'http://127.0.0.1:1/v2.1' };
    const cloud = cloudAt('http://127.0.0.1:1', { endpointOverrides });
    const away = { ...session, cloud };
    for (let i = 0; i < 5; i++) await expect(read(away)).rejects.toThrow('ECONNREFUSED');
    const other = { ...away, identity: { ...away.identity, projectId: 'another' } };
    await expect(write(other)).rejects.toMatchObject({
      kind: 'unreachable',
      message: expect.stringContaining('keep failing'),
    });
  });
});

describe('unusable responses', () => {
  const deep = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;

  test.each([
    ['nested 100,000 levels deep', deep(100_000)],
    ['nested 101 levels deep', deep(101)],
  ])('JSON %s -> bad_response', async (_what, body) => {
    const { session } = await started(() => (response) => void response.writeHead(200).end(body));
    await expect(read(session)).rejects.toMatchObject({ kind: 'bad_response', status: 200 });
    await expect(write(session)).rejects.toMatchObject({ kind: 'bad_response', outcome: 'uncertain' });
  });

  test('a response that is cut off, also when it is asked for again -> bad_response with its status', async () => {
    const { session, requests } = await started(() => (response) => {
      response.writeHead(200, { 'content-length': '100' }).write('{"thing"');
      setImmediate(() => response.destroy());
    });
    await expect(read(session)).rejects.toMatchObject({
      kind: 'bad_response',
      status: 200,
      message: expect.stringMatching(/^Nova cut off its response to GET \/things/),
    });
    expect(requests).toHaveLength(3);
    await expect(write(session)).rejects.toMatchObject({ kind: 'bad_response', outcome: 'uncertain' });
    expect(requests).toHaveLength(4);
  });
});

describe('log lines and messages', () => {
  test('calls that succeed and fail -> a debug line each with both request ids, the token nowhere', async () => {
    const replies: Reply[] = [
      { ...OK, headers: { 'x-openstack-request-id': 'req-theirs' } } as Reply,
      { status: 404, body: { error: { code: 404, title: 'Not Found', message: `Could not find token: ${TOKEN}.` } } },
      'reset',
    ];
    const { session, lines, text } = await started(() => replies.shift() ?? 'hang');
    await read(session);
    const failures = await Promise.all([write(session).catch((error) => error)]);
    failures.push(await write(session).catch((error) => error));
    expect(lines().slice(-3)).toEqual([
      expect.objectContaining({ level: 20, service: 'nova', method: 'GET', path: '/things', status: 200 }),
      expect.objectContaining({ method: 'POST', status: 404, requestId: REQUEST_ID, openstackRequestId: null }),
      expect.objectContaining({ method: 'POST', status: null, ms: expect.any(Number) }),
    ]);
    expect(lines().at(-3)).toMatchObject({ requestId: REQUEST_ID, openstackRequestId: 'req-theirs' });
    expect(text() + inspect(failures, { depth: 20, showHidden: true })).not.toContain(TOKEN);
    expect(failures[0]).toMatchObject({ upstreamMessage: 'Could not find token: (the token).' });
  });
});

describe('a path', () => {
  test('an id that is a UUID -> in the path', () => {
    expect(path`/servers/${'00f9e5cb-8ff8-44ff-8e0e-2439f68c5854'}/os-interface`).toBe(
      '/servers/00f9e5cb-8ff8-44ff-8e0e-2439f68c5854/os-interface',
    );
  });

  test.each(['', '.', '..', 'detail', 'a/os-interface', '..%2Fflavors', 'x?limit=1', 'é', '1'.repeat(1000)])(
    'the id %j, which might be another route -> NOT_FOUND',
    (id) => {
      expect(() => path`/servers/${id}`).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
    },
  );
});

describe('a fault', () => {
  test.each([
    [{ badRequest: { code: 400, message: 'Bad.' } }, null, { faultName: 'badRequest', message: 'Bad.' }],
    [{ error: { code: 401, title: 'Unauthorized', message: 'No.' } }, null, { faultName: 'error', message: 'No.' }],
    [{ message: 'Webob.', code: '400 Bad Request' }, null, { message: 'Webob.' }],
    [
      { overLimit: { code: 413, message: 'Quota.', retryAfter: '7' } },
      null,
      { faultName: 'overLimit', message: 'Quota.', retryAfterMs: 7000 },
    ],
    [
      { overLimit: { message: 'Quota.', retryAfter: 7 } },
      '1.5',
      { faultName: 'overLimit', message: 'Quota.', retryAfterMs: 1500 },
    ],
    [null, null, { message: 'Payload Too Large' }],
    [undefined, 'soon', { message: 'Payload Too Large' }],
    [['a'], '', { message: 'Payload Too Large' }],
    [{ what: 'ever' }, 'Thu, 01 Jan 1970 00:00:00 GMT', { message: 'Payload Too Large', retryAfterMs: 0 }],
    [{ badRequest: { message: 'x'.repeat(5000) } }, null, { faultName: 'badRequest', message: 'x'.repeat(1000) }],
  ])('%j with Retry-After %j -> read', (body, retryAfter, fault) => {
    expect(readFault(413, body, retryAfter)).toEqual(fault);
  });
});
