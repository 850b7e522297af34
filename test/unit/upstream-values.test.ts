import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type GraphQLNamedType, getNamedType, isObjectType } from 'graphql';
import { pino } from 'pino';
import type { Attachments } from '../../src/attachments/service.ts';
import { withNova } from '../../src/attachments/virtiofs/list.ts';
import { readConfig } from '../../src/config.ts';
import { createContext } from '../../src/graphql/context.ts';
import { createExecutor } from '../../src/graphql/execution/execute.ts';
import { createSchema } from '../../src/graphql/schema.ts';
import type { Session } from '../../src/openstack/session.ts';
import {
  closeAll,
  cloudAt,
  fixture,
  type Release,
  sessionIn,
  startService,
  withVersions,
} from '../contract/service.ts';

/**
 * Every field of every recorded response, replaced by null, by nothing and by values of other types: no result has an
 * internal error, none loses more than the field that was replaced, and no other item of a list is affected.
 */

type Json = Record<string, unknown>;

const VALUES = [undefined, null, 5, 1.5, 2 ** 40, 'text', true, [], [null], ['text'], [{}], { id: 5 }];
/** The values for the field with this number: all in a nightly run, else a third of them, in turn. */
const valuesFor = (field: number) => (process.env.NIGHTLY ? VALUES : VALUES.filter((_, i) => i % 3 === field % 3));
const ID = '5e7ae700-0000-4000-8000-000000000001';

const log = pino({ level: 'silent' });
const schema = createSchema();
const executor = createExecutor({ schema, config: readConfig({ MAX_COST: '10000000' }) });

/** What the services respond, by the end of the path. */
let bodies: Record<string, unknown> = {};
let session: Session;

beforeAll(async () => {
  const service = await startService(
    withVersions('epoxy', ({ path }) => {
      const [found] = Object.entries(bodies).filter(([part]) => path.includes(part));
      return { status: 200, body: found?.[1] ?? {} };
    }),
  );
  session = sessionIn(cloudAt(service.url), { log });
});
afterAll(closeAll);

/** Every field of a type but those of attachments, and those with a call of their own. */
function selectionOf(type: GraphQLNamedType | undefined): string {
  if (!isObjectType(type)) return '';
  const fields = Object.values(type.getFields()).filter(
    ({ name }) => !/^(serversAttached|sharesAttached|actions|snapshots)$/.test(name),
  );
  return `{ ${fields.map(({ name, type: of }) => `${name} ${selectionOf(getNamedType(of))}`).join(' ')} }`;
}

async function run(source: string) {
  const errorContext = { requestId: 'req-1', log };
  const parsed = executor.parseAndValidate(source, errorContext);
  if ('errors' in parsed) throw parsed.errors[0];
  const listWithNova: Attachments['listWithNova'] = (of, serverId) => withNova(of, serverId, []);
  const context = createContext({ ...session }, { listWithNova } as Attachments);
  const { data, errors = [] } = await executor.execute({ ...parsed, ...errorContext, context });
  // biome-ignore lint/suspicious/noExplicitAny: the result has the shape of its query
  return { data: JSON.parse(JSON.stringify(data)) as any, errors };
}

/** Every path of a JSON value: of its fields, and of the first item of its lists. */
function* pathsOf(value: unknown, path: string[] = []): Generator<string[]> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, one] of Object.entries(value)) {
    if (Array.isArray(value) && key !== '0') continue;
    yield [...path, key];
    yield* pathsOf(one, [...path, key]);
  }
}

function replaced<T>(original: T, path: readonly string[], value: unknown): T {
  const copy = structuredClone(original) as Json;
  const parent = path.slice(0, -1).reduce((at, key) => at[key] as Json, copy);
  parent[path.at(-1) as string] = value;
  return copy as T;
}

interface Case {
  readonly query: string;
  readonly responses: Record<string, unknown>;
  /** The response whose fields are replaced. */
  readonly target: string;
  /** The object of the result that its fields are in, and one that must not change. */
  readonly changed: (data: Json) => unknown;
  readonly unchanged?: (data: Json) => unknown;
}

function bodyOf(service: 'nova' | 'manila', name: string, release: Release): Json {
  return fixture(service, name, release).response.body as Json;
}

/** A list of two: the first is changed, the second is not. */
function listOf(key: string, resource: unknown): Json {
  return { [key]: [resource, { ...structuredClone(resource as Json), id: ID }] };
}

const serverFields = selectionOf(schema.getType('Server'));
const shareFields = selectionOf(schema.getType('Share'));
// biome-ignore lint/suspicious/noExplicitAny: the result has the shape of its query
const at = (read: (data: any) => unknown) => read as (data: Json) => unknown;

function casesOf(release: Release): Record<string, Case> {
  const { server } = bodyOf('nova', 'server', release);
  const { share } = bodyOf('manila', 'share', release);
  const lists = {
    'share-access-rules': bodyOf('manila', 'access-rules', release),
    export_locations: bodyOf('manila', 'export-locations', release),
    // the fields of a share's type that the share does not have
    '/types': { share_types: [] },
  };
  const serverShares = fixture('nova', 'server-shares', 'epoxy').response.body as Json;
  const cephx = structuredClone(lists['share-access-rules']) as { access_list: Json[] };
  Object.assign(cephx.access_list[0] as Json, { access_type: 'cephx', access_key: 'AQ==' });
  return {
    server: {
      query: `{ server(id: "${ID}") ${serverFields} }`,
      responses: { '/servers/': { server } },
      target: '/servers/',
      changed: at((data) => data.server),
    },
    servers: {
      query: `{ servers(first: 2) { nodes ${serverFields} edges { cursor } pageInfo { endCursor } } }`,
      responses: { '/servers/detail': listOf('servers', server) },
      target: '/servers/detail',
      changed: at((data) => data.servers?.nodes[0]),
      unchanged: at((data) => data.servers?.nodes[1]),
    },
    share: {
      query: `{ share(id: "${ID}") ${shareFields} }`,
      responses: { ...lists, '/shares/': { share } },
      target: '/shares/',
      changed: at((data) => data.share),
    },
    shares: {
      query: `{ shares(first: 2) { nodes ${shareFields} edges { cursor } totalCount } }`,
      responses: { ...lists, '/shares/detail': { ...listOf('shares', share), count: 2 } },
      target: '/shares/detail',
      changed: at((data) => data.shares?.nodes[0]),
      unchanged: at((data) => data.shares?.nodes[1]),
    },
    'shares of two statuses, filtered here': {
      query: '{ shares(first: 2, filter: {status: [AVAILABLE, ERROR], protocol: [NFS]}) { nodes { id } totalCount } }',
      responses: { '/shares/detail': { ...listOf('shares', share), count: 2 } },
      target: '/shares/detail',
      changed: () => null,
    },
    "a server's shares in Nova": {
      query: `{ server(id: "${ID}") { id sharesAttached(inNova: true) { shareId status virtiofs { tag status statusRaw } } } }`,
      responses: { '/shares': serverShares, '/servers/': { server } },
      target: '/shares',
      changed: at((data) => data.server?.sharesAttached?.[0]),
      unchanged: at((data) => data.server?.id),
    },
    ...(release === 'epoxy' && {
      'actions of a server': {
        query: `{ server(id: "${ID}") { actions { nodes ${selectionOf(schema.getType('ServerAction'))} edges { cursor } } } }`,
        responses: { 'os-instance-actions': bodyOf('nova', 'instance-actions', release), '/servers/': { server } },
        target: 'os-instance-actions',
        changed: at((data) => data.server?.actions?.nodes[0]),
        unchanged: at((data) => data.server?.actions?.nodes.slice(1)),
      },
    }),
    'access rules': {
      query: `{ share(id: "${ID}") ${shareFields} }`,
      responses: { ...lists, '/shares/': { share }, 'share-access-rules': cephx },
      target: 'share-access-rules',
      changed: at((data) => data.share?.accessRules?.[0]),
      unchanged: at((data) => ({ ...data.share, accessRules: null })),
    },
    'export locations': {
      query: `{ share(id: "${ID}") ${shareFields} }`,
      responses: { ...lists, '/shares/': { share } },
      target: 'export_locations',
      changed: at((data) => data.share?.exportLocations?.[0]),
      unchanged: at((data) => ({ ...data.share, exportLocations: null })),
    },
  };
}

const allCases = (['zed', 'epoxy'] as const).flatMap((release) =>
  Object.entries(casesOf(release)).map(([name, one]) => [name, release, one] as const),
);

test.each(allCases)(
  '%s of %s, each field replaced -> null, UNKNOWN or UPSTREAM_ERROR of that field alone',
  async (...args) => {
    const { query, responses, target, changed, unchanged } = args[2];
    bodies = responses;
    const before = await run(query);
    expect(before.errors).toEqual([]);
    const expected = changed(before.data) as Json | null;
    const isList = Array.isArray(Object.values(responses[target] as Json)[0]);
    const depth = isList ? 2 : 1;
    const problems: unknown[] = [];
    for (const [i, path] of [...pathsOf(responses[target])].entries()) {
      for (const value of valuesFor(i)) {
        bodies = { ...responses, [target]: replaced(responses[target], path, value) };
        const { data, errors } = await run(query);
        const codes = new Set(errors.map(({ extensions }) => extensions.code));
        codes.delete('UPSTREAM_ERROR');
        if (codes.size > 0) problems.push([path, value, errors.map(String)]);
        const object = changed(data) as Json | null;
        const isResourceInvalid = object === null || object === undefined;
        // Without a valid id there is no object.
        if (isResourceInvalid && changed(before.data) && !/id$/.test(path.at(-1) ?? '') && path.length > depth) {
          problems.push([path, value, 'the object is missing']);
        }
        if (isResourceInvalid || !expected) continue;
        const differing = Object.keys(expected).filter((key) => !isSame(object[key], expected[key]));
        if (differing.length > 2) problems.push([path, value, 'more than one field changed', differing]);
        if (unchanged && !isSame(unchanged(data), unchanged(before.data)))
          problems.push([path, value, 'another changed']);
      }
    }
    expect(problems).toEqual([]);
  },
);

const isSame = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
