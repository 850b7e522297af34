import { setImmediate as tick } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type ExecutionResult, type OperationDefinitionNode, parse } from 'graphql';
import { pino } from 'pino';
import { createQueue } from '../../src/attachments/reconcile/queue.ts';
import { createSessionRegistry } from '../../src/attachments/reconcile/sessions.ts';
import { createAttachments } from '../../src/attachments/service.ts';
import type { AttachmentStore } from '../../src/attachments/store/contract.ts';
import { createMemoryStore } from '../../src/attachments/store/memory.ts';
import { readConfig } from '../../src/config.ts';
import { createContext } from '../../src/graphql/context.ts';
import { createExecutor } from '../../src/graphql/execution/execute.ts';
import {
  createSharedExecution,
  shareExecution,
  stringifyResult,
} from '../../src/graphql/execution/shared-execution.ts';
import { createSchema } from '../../src/graphql/schema.ts';
import { request } from '../../src/openstack/http/request.ts';
import { NOVA } from '../../src/openstack/services.ts';
import type { Session } from '../../src/openstack/session.ts';
import { closeAll, cloudAt, type Reply, sessionIn, startService, withVersions } from '../contract/service.ts';
import { anAttachment } from '../support/attachments.ts';
import { checkProperty } from '../support/property.ts';
import { until } from '../support/until.ts';

/** Which requests share one execution, and that none of them misses a write that was completed before it arrived. */

const log = pino({ level: 'silent' });
const SERVER = '5e7ae700-0000-4000-8000-000000000001';
const OTHER = '5e7ae700-0000-4000-8000-000000000002';
const QUERY = `query One($id: ID!) { server(id: $id) { name sharesAttached(first: 200) { mountPoint } } }`;
/** Reads the store only. */
const LIST = '{ shareAttachments(first: 200) { nodes { mountPoint } } }';
const executor = createExecutor({ schema: createSchema(), config: readConfig({}) });

afterEach(closeAll);

interface OneServer {
  server: { name: string; sharesAttached: { mountPoint: string }[] };
}

interface Listed {
  shareAttachments: { nodes: unknown[] };
}

/**
 * The gateway's schema, loaders and attachments with a Nova whose server's name is the number of writes so far. The name
 * is read when the request arrives, and sent when the test releases the response.
 */
async function started() {
  let written = 0;
  let reply: (name: string) => Reply = (name) => ({
    status: 200,
    body: { server: { id: SERVER, name, status: 'ACTIVE', tenant_id: session.identity.projectId } },
  });
  const held: (() => void)[] = [];
  const gets: string[] = [];
  const service = await startService(
    withVersions('epoxy', ({ method, path, headers }) => {
      if (method !== 'GET') return { status: 202, body: { written: ++written } };
      if (!path.includes('/servers/')) return { status: 200, body: { servers: [] } };
      gets.push(String(headers['x-auth-token']));
      const answer = reply(String(written));
      return new Promise<Reply>((resolve) => held.push(() => resolve(answer)));
    }),
  );
  const session = sessionIn(cloudAt(service.url), { log });
  await request(session, NOVA, { path: '/warm' });
  // it was let read shortly before: the store is read at once
  session.cloud.readers.note(session);
  const { projectId } = session.identity;
  const store = slow(createMemoryStore({ logLength: 100 }));
  await store.markRecovered(projectId);
  const work = { store, sessions: createSessionRegistry(null), log, leaseMs: 30_000, deadlineMs: 60_000 };
  const attachments = createAttachments({ ...work, queue: createQueue(work) });
  let requestCount = 0;

  return {
    session,
    gets,
    held,
    /** A write that did not go through this gateway. */
    writeElsewhere: () => void ++written,
    release: () => held.shift()?.(),
    answering: (how: typeof reply) => {
      reply = how;
    },
    read(as: Session = session, source = QUERY): Promise<ExecutionResult> {
      const requestId = `req-${++requestCount}`;
      const context = createContext({ ...as, requestId }, attachments);
      const parsed = executor.parseAndValidate(source, { requestId, log });
      if ('errors' in parsed) throw parsed.errors[0];
      return executor.execute({ ...parsed, variables: { id: SERVER }, context, requestId, log });
    },
    write: async () => {
      const { body } = await request<{ written: number }>(session, NOVA, { method: 'POST', path: '/x', body: {} });
      return body.written;
    },
    /** An attachment that another gateway creates. */
    attachElsewhere: async (number: number) => {
      const shareId = `share-${number}`;
      const record = anAttachment({ projectId, serverId: SERVER, shareId, id: `${SERVER}:${shareId}` });
      await store.create({ ...record, mountPoint: `/mnt/${number}` }, null, null);
    },
  };
}

/** The store with slow replies. */
function slow(store: AttachmentStore): AttachmentStore {
  const delayed = async <T>(reply: Promise<T>): Promise<T> => {
    const value = await reply;
    for (let ticks = 0; ticks < 30; ticks++) await tick();
    return value;
  };
  return {
    ...store,
    list: (...args) => delayed(store.list(...args)),
    listForServers: (...args) => delayed(store.listForServers(...args)),
  };
}

const serverOf = ({ data }: ExecutionResult) => (data as unknown as OneServer).server;

describe('identical queries at the same time', () => {
  let one: Awaited<ReturnType<typeof started>>;
  beforeEach(async () => {
    one = await started();
  });
  /** Starts all reads, then releases every GET until all have a result. */
  async function all(...reads: Promise<ExecutionResult>[]): Promise<ExecutionResult[]> {
    let isDone = false;
    const results = Promise.all(reads).finally(() => {
      isDone = true;
    });
    await until(() => one.release() || isDone);
    return results;
  }

  test('with one token -> one execution, one request, one JSON for all', async () => {
    const results = await all(one.read(), one.read(), one.read());
    expect(new Set(results.map(({ data }) => data)).size).toBe(1);
    expect(one.gets).toHaveLength(1);
    expect(results.map(stringifyResult)).toEqual(
      results.map(() => '{"data":{"server":{"name":"0","sharesAttached":[]}}}'),
    );
    expect(one.session.cloud.inFlight.size).toBe(0);
  });

  test('with two tokens of one user -> one request, an execution each, as each token has its own expiry', async () => {
    const other = { ...one.session, token: 'b', identity: { ...one.session.identity, expiresAt: 0 } };
    const source = `query ($id: ID!) { viewer { expiresAt } server(id: $id) { name } }`;
    const [mine, theirs] = await all(one.read(one.session, source), one.read(other, source));
    expect(theirs?.data).toMatchObject({ viewer: { expiresAt: '1970-01-01T00:00:00.000Z' } });
    expect(mine?.data).not.toEqual(theirs?.data);
    expect(one.gets).toHaveLength(1);
  });

  test('with other fields, other variables or another operation of the document -> an execution each', async () => {
    const { operation, create } = requestOf(one.session, '{ viewer { user { id } } }');
    const other = requestOf(one.session, '{ viewer { user { id } } }').operation;
    const run = async () => ({ data: {} });
    const results = await Promise.all(
      [
        { operation, variables: null },
        { operation, variables: { a: 1 } },
        { operation: other, variables: null },
      ].map((request) => shareExecution(create(), request, run)),
    );
    expect(new Set(results.map(({ data }) => data)).size).toBe(3);
  });

  test('a mutation -> executed once per request', async () => {
    const { operation, create } = requestOf(one.session, 'mutation { detachShare }');
    let runs = 0;
    const run = async () => ({ data: { runs: ++runs } });
    await Promise.all([1, 2].map(() => shareExecution(create(), { operation, variables: {} }, run)));
    expect(runs).toBe(2);
  });

  test('a failure -> each result has the id of its own request', async () => {
    one.answering(() => ({ status: 500, body: {} }));
    const results = await all(one.read(), one.read(), one.read());
    expect(results.map(({ errors }) => errors?.[0]?.extensions.requestId)).toEqual(['req-1', 'req-2', 'req-3']);
  });

  test('the store is being read already -> a new request reads it again', async () => {
    const first = one.read(one.session, LIST);
    await tick();
    await one.attachElsewhere(1);
    const second = await one.read(one.session, LIST);
    expect(second.data).toMatchObject({ shareAttachments: { nodes: [{ mountPoint: '/mnt/1' }] } });
    expect((await first).data).toMatchObject({ shareAttachments: { nodes: [] } });
  });

  test('a service has responded to a part already -> a new request calls it again', async () => {
    const source = `{ a: server(id: "${SERVER}") { name } b: server(id: "${OTHER}") { name } }`;
    const first = one.read(one.session, source);
    await until(() => one.held.length === 2);
    const under = one.session.cloud.inFlight.get(one.session.identity.projectId);
    const before = under?.size ?? 0;
    one.release();
    await until(() => (under?.size ?? 0) < before);
    one.writeElsewhere();
    const [, second] = await all(first, one.read(one.session, source));
    // The network decides which response arrived first: that server is requested again, the other one is joined.
    const names = Object.values(second?.data ?? {}).map((server) => (server as { name: string }).name);
    expect(names.toSorted()).toEqual(['0', '1']);
  });

  test('the JSON is shared only where the result was', async () => {
    const data = { a: 1 };
    expect(stringifyResult({ data })).toBe('{"data":{"a":1}}');
    data.a = 2;
    expect(stringifyResult({ data })).toBe('{"data":{"a":2}}');
  });
});

/** The arguments of shareExecution for a document that need not be valid. */
function requestOf(session: Session, source: string) {
  const operation = parse(source).definitions[0] as OperationDefinitionNode;
  return { operation, create: () => createSharedExecution(session) };
}

type Step = 'read' | 'list' | 'write' | 'attach' | 'release' | 'wait';
const steps = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.constant<Step>('read') },
    { weight: 2, arbitrary: fc.constant<Step>('list') },
    { weight: 2, arbitrary: fc.constant<Step>('write') },
    { weight: 2, arbitrary: fc.constant<Step>('attach') },
    { weight: 3, arbitrary: fc.constant<Step>('release') },
    { weight: 4, arbitrary: fc.constant<Step>('wait') },
  ),
  { minLength: 10, maxLength: 60 },
);

test('reads and writes in any order -> no read misses a write that was completed before it arrived', async () => {
  const one = await started();
  const tokens = ['a', 'b'].map((token) => ({ ...one.session, token, identity: { ...one.session.identity } }));
  let answered = 0;
  let attached = 0;
  const seen = new Set<unknown>();
  let reads = 0;
  await checkProperty(
    fc.asyncProperty(steps, async (history) => {
      const running: Promise<void>[] = [];
      for (const [i, step] of history.entries()) {
        if (step === 'read') {
          const [from, than] = [answered, attached];
          reads += 1;
          const check = async () => {
            const result = await one.read(tokens[i % 2]);
            seen.add(result.data);
            expect(Number(serverOf(result).name)).toBeGreaterThanOrEqual(from);
            expect(serverOf(result).sharesAttached.length).toBeGreaterThanOrEqual(Math.min(than, 200));
          };
          running.push(check());
        }
        if (step === 'list') {
          const than = attached;
          const check = async () => {
            const { data } = await one.read(tokens[0], LIST);
            expect((data as unknown as Listed).shareAttachments.nodes.length).toBeGreaterThanOrEqual(
              Math.min(than, 200),
            );
          };
          running.push(check());
        }
        if (step === 'write') {
          const wrote = one.write().then((number) => {
            answered = Math.max(answered, number);
          });
          running.push(wrote);
        }
        if (step === 'attach') {
          const number = attached + 1;
          await one.attachElsewhere(number);
          attached = number;
        }
        if (step === 'release') one.release();
        if (step === 'wait') for (let ticks = 0; ticks < 20; ticks++) await tick();
      }
      let isDone = false;
      const all = Promise.all(running).finally(() => {
        isDone = true;
      });
      await until(() => {
        while (one.held.length > 0) one.release();
        return isDone;
      });
      await all;
    }),
    { numRuns: 100 },
  );
  // It would hold for reads that share nothing as well.
  expect(seen.size).toBeLessThan(reads * 0.9);
  expect(one.gets.length).toBeLessThan(seen.size);
}, 120_000);
