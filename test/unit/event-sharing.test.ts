import { makeExecutableSchema } from '@graphql-tools/schema';
import { describe, expect, test } from '@jest/globals';
import { isObjectType, parse } from 'graphql';
import { pino } from 'pino';
import { readConfig } from '../../src/config.ts';
import { createEventSharing } from '../../src/graphql/execution/event-sharing.ts';
import { createExecutor, operationOf } from '../../src/graphql/execution/execute.ts';
import { createSchema } from '../../src/graphql/schema.ts';
import { EVENT, plainContext } from '../support/graph.ts';

const schema = createSchema();
const config = readConfig({});
const errorContext = { requestId: 'req-1', log: pino({ level: 'silent' }) };

function sharingOf(query: string) {
  const document = parse(query);
  const operation = operationOf(document);
  if (!operation) throw new Error('no operation');
  return createEventSharing(schema)(document, operation);
}

const event = (fields: string) => `subscription { shareAttachmentEvents { ${fields} } }`;

describe('whether the result depends on the token', () => {
  test.each([
    'cursor type at reason requestId',
    '__typename attachment { __typename id serverId shareId status mountPoint accessLevel isStale createdAt updatedAt }',
    'attachment { fault { code message at openstackRequestId } accessRules { id accessType accessTo state stateRaw } }',
    'attachment { ... on ShareAttachment { status } }',
  ])('%s -> no', (fields) => {
    expect(sharingOf(event(fields)).needsToken).toBe(false);
  });

  test.each([
    'attachment { server { id } }',
    'attachment { share { id } }',
    'attachment { mountCommands }',
    'attachment { accessRules { accessKey } }',
    'attachment { ... on ShareAttachment { ... { server { name } } } }',
    'attachment { server @skip(if: true) { id } }',
  ])('%s -> yes', (fields) => {
    expect(sharingOf(event(fields)).needsToken).toBe(true);
  });

  test('in a fragment -> yes', () => {
    const query = `${event('attachment { ...F }')} fragment F on ShareAttachment { server { id } }`;
    expect(sharingOf(query).needsToken).toBe(true);
  });

  test('a field of an interface -> yes, because its resolver is only known at run time', () => {
    const typeDefs =
      'interface I { id: ID } type A implements I { id: ID } type Query { a: A } type Subscription { i: I }';
    const document = parse('subscription { i { id } }');
    const operation = operationOf(document);
    const eventSharing = createEventSharing(makeExecutableSchema({ typeDefs }));
    expect(operation && eventSharing(document, operation).needsToken).toBe(true);
  });

  test('every field for which it does not -> the same result with and without a context', async () => {
    const executor = createExecutor({ schema, config });
    const type = schema.getType('ShareAttachment');
    const fields = isObjectType(type) ? Object.values(type.getFields()) : [];
    const leaves = fields.filter(({ name }) => !sharingOf(event(`attachment { ${selected(name)} }`)).needsToken);
    expect(leaves.length).toBeGreaterThan(10);
    const query = event(`attachment { ${leaves.map(({ name }) => selected(name)).join(' ')} }`);
    const document = parse(query);
    const operation = operationOf(document);
    if (!operation) throw new Error('no operation');
    const request = { document, ...errorContext };
    const prepared = { document, operation, variables: {} };
    const shared = await executor.executeShared(request, prepared, null, EVENT);
    expect(shared).toEqual(await executor.executeSubscriptionEvent(request, prepared, plainContext(), EVENT));
    expect(shared?.data).toBeTruthy();
  });

  test('a resolver that uses its context unnoticed -> no shared result', async () => {
    const typeDefs = 'type Query { a: ID } type Subscription { who: ID }';
    const who = (...all: unknown[]) => (all[2] as { identity: { userId: string } }).identity.userId;
    const executor = createExecutor({
      schema: makeExecutableSchema({ typeDefs, resolvers: { Subscription: { who: { resolve: who } } } }),
      config,
    });
    const document = parse('subscription { who }');
    const operation = operationOf(document);
    if (!operation) throw new Error('no operation');
    const prepared = { document, operation, variables: {} };
    expect(executor.eventSharing(document, operation).needsToken).toBe(false);
    expect(await executor.executeShared({ document, ...errorContext }, prepared, null, {})).toBeNull();
    const context = { identity: { userId: 'ann' } };
    expect(await executor.executeSubscriptionEvent({ document, ...errorContext }, prepared, context, {})).toEqual({
      data: { who: 'ann' },
    });
  });
});

describe('the variables that the result depends on', () => {
  test.each([
    ['the cursor', '($after: String) { shareAttachmentEvents(after: $after) { cursor } }', []],
    ['a filter', '($id: ID) { shareAttachmentEvents(serverId: $id) { cursor } }', ['id']],
    ['a condition', '($a: Boolean!) { shareAttachmentEvents { cursor @skip(if: $a) } }', ['a']],
    [
      'the cursor that is a filter too',
      '($a: ID, $b: String) { shareAttachmentEvents(after: $b, shareId: $a) { cursor } }',
      ['a'],
    ],
    ['the same for both', '($a: ID) { shareAttachmentEvents(after: $a, shareId: $a) { cursor } }', ['a']],
  ])('%s', (_situation, query, variables) => {
    expect(sharingOf(`subscription ${query}`).variables).toEqual(variables);
  });
});

const selected = (name: string) =>
  ({ accessRules: 'accessRules { id }', fault: 'fault { code }', server: 'server { id }', share: 'share { id }' })[
    name
  ] ?? name;
