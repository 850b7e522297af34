/** Each client as it comes, against the built gateway on its sandbox cloud. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ApolloClient, gql as apolloGql, HttpLink, InMemoryCache, split } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { getMainDefinition, relayStylePagination } from '@apollo/client/utilities';
import { Client, fetchExchange, gql as urqlGql } from '@urql/core';
import { cacheExchange } from '@urql/exchange-graphcache';
import { relayPagination } from '@urql/exchange-graphcache/extras';
import { GraphQLClient } from 'graphql-request';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { signIn, startGateway } from './gateway.mjs';

let gateway;
let headers;
before(async () => {
  gateway = await startGateway();
  headers = { 'X-Auth-Token': await signIn(gateway.keystone) };
});
after(() => gateway?.stop());

/** A server and a share of the sandbox that are attached to nothing, each asked for once. */
const taken = new Set();
async function freePair() {
  const client = new GraphQLClient(gateway.url, { headers });
  const { servers, shares } = await client.request(`{
    servers(first: 100, filter: {hasShares: false, status: [ACTIVE]}) { nodes { id } }
    shares(first: 100, filter: {isAttached: false, status: [AVAILABLE], protocol: [NFS]}) { nodes { id } } }`);
  const free = ({ nodes }) => {
    const { id } = nodes.find((one) => !taken.has(one.id));
    taken.add(id);
    return id;
  };
  return { serverId: free(servers), shareId: free(shares) };
}

const ATTACHMENT = 'id status mountPoint serverId server { id name } share { id name }';
const ATTACH = `mutation Attach($input: AttachShareInput!) { attachShare(input: $input) { attachment { ${ATTACHMENT} } } }`;
const DETACH = `mutation Detach($input: DetachShareInput!) { detachShare(input: $input) { attachment { ${ATTACHMENT} } } }`;
const EVENTS = `subscription Events($after: String, $shareId: ID) {
  shareAttachmentEvents(after: $after, shareId: $shareId) { cursor type attachment { ${ATTACHMENT} } } }`;
const SHARE = `query Share($id: ID!) { share(id: $id) { id name serversAttached { ${ATTACHMENT} } } }`;
const PAGE = `query Servers($first: Int, $after: String) { servers(first: $first, after: $after) {
  edges { cursor node { id name status createdAt } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`;

describe('graphql-request', () => {
  test('queries, variables, and an error with its code', async () => {
    const client = new GraphQLClient(gateway.url, { headers });
    const { servers } = await client.request(PAGE, { first: 3 });
    assert.equal(servers.edges.length, 3);
    const { node } = await client.request('query ($id: ID!) { node(id: $id) { __typename id } }', {
      id: servers.edges[0].node.id,
    });
    assert.deepEqual(node, { __typename: 'Server', id: servers.edges[0].node.id });
    await assert.rejects(client.request('query ($id: ID!) { server(id: $id) { id } }', { id: 'x' }), (error) => {
      assert.equal(error.response.errors[0].extensions.code, 'BAD_USER_INPUT');
      return true;
    });
  });
});

describe('Apollo Client', () => {
  function apollo() {
    const socket = createClient({
      url: gateway.url.replace(/^http/, 'ws'),
      webSocketImpl: WebSocket,
      connectionParams: headers,
    });
    const http = new HttpLink({ uri: gateway.url, headers });
    const isSubscription = ({ query }) => getMainDefinition(query).operation === 'subscription';
    const cache = new InMemoryCache({
      possibleTypes: { Node: ['Server', 'Share', 'ShareAttachment', 'ShareSnapshot'] },
      typePolicies: { Query: { fields: { servers: relayStylePagination(['filter', 'orderBy']) } } },
    });
    const client = new ApolloClient({ cache, link: split(isSubscription, new GraphQLWsLink(socket), http) });
    return { client, close: () => socket.dispose() };
  }

  test('pages become one list in its cache', async () => {
    const { client, close } = apollo();
    const query = apolloGql(PAGE);
    const watched = client.watchQuery({ query, variables: { first: 5 } });
    const { data } = await watched.refetch();
    const more = { variables: { first: 5, after: data.servers.pageInfo.endCursor } };
    await watched.fetchMore(more);
    const { servers } = client.readQuery({ query });
    assert.equal(new Set(servers.edges.map(({ node }) => node.id)).size, 10);
    client.stop();
    await close();
  });

  test('an attach and its events change what a query shows; a DETACHED event drops the attachment', async () => {
    const { client, close } = apollo();
    const input = await freePair();
    const events = [];
    const seen = (type) =>
      new Promise((resolve) => {
        const poll = setInterval(() => {
          if (!events.includes(type)) return;
          clearInterval(poll);
          resolve();
        }, 20);
      });
    const list = apolloGql(SHARE);
    const { data: before } = await client.query({ query: list, variables: { id: input.shareId } });
    assert.deepEqual(before.share.serversAttached, []);
    const { data: start } = await client.query({ query: apolloGql('{ shareAttachments(first: 1) { eventCursor } }') });
    const subscription = client
      .subscribe({
        query: apolloGql(EVENTS),
        variables: { shareId: input.shareId, after: start.shareAttachments.eventCursor },
      })
      .subscribe({
        next({ data }) {
          const { type, attachment } = data.shareAttachmentEvents;
          const share = client.cache.identify({ __typename: 'Share', id: input.shareId });
          client.cache.modify({
            id: share,
            fields: {
              serversAttached(list = [], { toReference, readField }) {
                const others = list.filter((one) => readField('id', one) !== attachment.id);
                return type === 'DETACHED' ? others : [...others, toReference(attachment)];
              },
            },
          });
          if (type === 'DETACHED') {
            client.cache.evict({ id: client.cache.identify(attachment) });
            client.cache.gc();
          }
          events.push(type);
        },
      });
    await client.mutate({ mutation: apolloGql(ATTACH), variables: { input } });
    await seen('ATTACHED');
    const shown = () => client.readQuery({ query: list, variables: { id: input.shareId } }).share.serversAttached;
    assert.deepEqual(
      shown().map(({ status }) => status),
      ['ATTACHED'],
    );
    await client.mutate({ mutation: apolloGql(DETACH), variables: { input } });
    await seen('DETACHED');
    assert.deepEqual(shown(), []);
    assert.equal(client.cache.extract()[`ShareAttachment:${input.serverId}:${input.shareId}`], undefined);
    subscription.unsubscribe();
    client.stop();
    await close();
  });

  test('a refused mutation -> its error, and the data of the others', async () => {
    const { client, close } = apollo();
    const input = await freePair();
    const mutation = apolloGql(`mutation ($one: AttachShareInput!, $two: AttachShareInput!) {
      one: attachShare(input: $one) { attachment { id } } two: attachShare(input: $two) { attachment { id } } }`);
    const two = { ...input, serverId: '00000000-0000-4000-8000-000000000000' };
    const { data, error } = await client.mutate({ mutation, variables: { one: input, two }, errorPolicy: 'all' });
    assert.equal(data.one.attachment.id, `${input.serverId}:${input.shareId}`);
    assert.equal(data.two, null);
    assert.equal(error.errors[0].extensions.code, 'NOT_FOUND');
    client.stop();
    await close();
  });
});

describe('urql', () => {
  /** Types without an id: they are part of the object around them. */
  const EMBEDDED = ['ServerConnection', 'ServerEdge', 'PageInfo', 'AttachSharePayload', 'DetachSharePayload'];
  const keys = Object.fromEntries(EMBEDDED.map((name) => [name, () => null]));

  function urql(methods) {
    return new Client({
      url: gateway.url,
      exchanges: [cacheExchange({ keys, resolvers: { Query: { servers: relayPagination() } } }), fetchExchange],
      fetchOptions: { headers },
      fetch: (input, init) => {
        methods.push(init.method);
        return fetch(input, init);
      },
    });
  }

  test('queries by GET, as it does by default, and pages become one list in graphcache', async () => {
    const methods = [];
    const client = urql(methods);
    const first = await client.query(urqlGql(PAGE), { first: 5 }).toPromise();
    assert.equal(first.error, undefined);
    const after = first.data.servers.pageInfo.endCursor;
    const second = await client.query(urqlGql(PAGE), { first: 5, after }).toPromise();
    assert.equal(second.data.servers.edges.length, 10);
    assert.deepEqual(methods, ['GET', 'GET']);
  });

  test('a mutation by POST updates what graphcache shows', async () => {
    const methods = [];
    const client = urql(methods);
    const input = await freePair();
    const attached = await client.mutation(urqlGql(ATTACH), { input }).toPromise();
    assert.equal(attached.error, undefined);
    const { id } = attached.data.attachShare.attachment;
    const query = urqlGql(`query ($id: ID!) { node(id: $id) { __typename id ... on ShareAttachment { status } } }`);
    const read = await client.query(query, { id }).toPromise();
    assert.equal(read.data.node.__typename, 'ShareAttachment');
    const detached = await client.mutation(urqlGql(DETACH), { input }).toPromise();
    assert.match(detached.data.detachShare.attachment.status, /^DETACH/);
    assert.equal(client.readQuery(query, { id }).data.node.status, detached.data.detachShare.attachment.status);
    assert.deepEqual(methods, ['POST', 'GET', 'POST']);
  });

  test('an error -> its code', async () => {
    const { error } = await urql([]).query(urqlGql('query { server(id: "x") { id } }'), {}).toPromise();
    assert.equal(error.graphQLErrors[0].extensions.code, 'BAD_USER_INPUT');
  });
});
