import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { buildSchema } from 'graphql';
import { createSchema } from '../../src/graphql/schema.ts';
import { changesSince, unnamedBreakingChanges } from '../support/schema-gate.ts';

/** Breaking changes of the GraphQL schema since the last release are named in CHANGELOG.md. */

const CHANGELOG = readFileSync('CHANGELOG.md', 'utf8');

test('every breaking change since the last release is named under **Breaking:**', async () => {
  const text = readFileSync('test/fixtures/schema.released.graphql', 'utf8');
  const version = /version (\d+\.\d+\.\d+)/.exec(text)?.[1] ?? '';
  const unnamed = await unnamedBreakingChanges(buildSchema(text), createSchema(), changesSince(CHANGELOG, version));
  expect(unnamed).toEqual([]);
});

const RELEASED = buildSchema(
  'type Query { server(id: ID!): Server! } type Server { id: ID! name: String! tag: String }',
);
const CURRENT = buildSchema('type Query { server(id: ID!, zone: ID!): Server! } type Server { id: ID! name: String }');

test.each([
  ['nothing', '', ['Query.server.zone', 'Server.name', 'Server.tag']],
  ['all of them', '- **Breaking:** `Query.server` needs `zone`; `Server.name` and `tag` changed.', []],
  ['a field without its type', '- **Breaking:** `tag` is gone.', ['Query.server.zone', 'Server.name', 'Server.tag']],
  [
    'a field in the clause of another type',
    '- **Breaking:** `Server.name` changed; `tag` of `Query`.',
    [...['Query.server.zone', 'Server.tag']],
  ],
  [
    'them, not as breaking',
    '- `Server.name`, `Server.tag` changed; `Query.server.zone` is new.',
    [...['Query.server.zone', 'Server.name', 'Server.tag']],
  ],
])('a changelog that names %s -> what is missing', async (_what, changelog, missing) => {
  const unnamed = await unnamedBreakingChanges(RELEASED, CURRENT, changelog);
  expect(unnamed.map(({ path }) => path).sort()).toEqual(missing);
});

test('only versions after the released one count', () => {
  const changelog = '# Changelog\n\n## [Unreleased]\n\n- new\n\n## [0.1.0] - 2026-01-01\n\n- old\n';
  expect(changesSince(changelog, '0.1.0')).toMatch(/new(?![\s\S]*old)/);
  expect(() => changesSince(changelog, '9.9.9')).toThrow('expected the version 9.9.9');
});
