/** A peer as a server: `peer.js apollo|mercurius|yoga|graphql-ws|raw memory|<upstream>`. A message publishes an event. */
import { createServer } from 'node:http';
import { ApolloServer } from '@apollo/server';
import fastifyApollo, { fastifyApolloDrainPlugin } from '@as-integrations/fastify';
import { makeExecutableSchema } from '@graphql-tools/schema';
import Fastify from 'fastify';
import { useServer as serveSockets } from 'graphql-ws/use/ws';
import { createPubSub, createSchema, createYoga } from 'graphql-yoga';
import mercurius from 'mercurius';
import { type WebSocket, WebSocketServer } from 'ws';
import { handleCalls } from '../calls.ts';
import { createPeerContext, type PeerContext, resolvers } from './peer-resolvers.ts';
import { typeDefs } from './schema.ts';
import { httpSource, memorySource } from './sources.ts';

const [kind = '', from = 'memory'] = process.argv.slice(2);
const port = Number(process.env.PORT);
const host = '127.0.0.1';
const source = from === 'memory' ? memorySource() : httpSource(from);
const tokenOf = (headers: Record<string, string | string[] | undefined>) => String(headers['x-auth-token'] ?? '');
const pubSub = createPubSub<{ event: [event: object] }>();
const TOPIC = 'event';
let publish = (event: object) => pubSub.publish(TOPIC, event);
handleCalls({ publish: ({ event }: { event: object }) => publish(event) });

const listening = {
  ...resolvers,
  Subscription: {
    shareAttachmentEvents: { subscribe: () => pubSub.subscribe(TOPIC), resolve: (event: object) => event },
  },
};

async function apollo() {
  const app = Fastify();
  const server = new ApolloServer<PeerContext>({ typeDefs, resolvers, plugins: [fastifyApolloDrainPlugin(app)] });
  await server.start();
  await app.register(fastifyApollo(server), {
    context: async (request) => createPeerContext(source, tokenOf(request.headers)),
  });
  await app.listen({ port, host });
}

async function mercuriusPeer() {
  const app = Fastify();
  const events = {
    shareAttachmentEvents: {
      subscribe: (_: unknown, __: unknown, { pubsub }: { pubsub: { subscribe(topic: string): unknown } }) =>
        pubsub.subscribe(TOPIC),
      resolve: (event: object) => event,
    },
  };
  await app.register(mercurius, {
    schema: typeDefs,
    resolvers: { ...resolvers, Subscription: events } as never,
    jit: 1,
    subscription: true,
    context: (request) => createPeerContext(source, tokenOf(request.headers)) as never,
  });
  publish = (event) => app.graphql.pubsub.publish({ topic: TOPIC, payload: event });
  await app.listen({ port, host });
}

async function yoga() {
  const schema = createSchema<PeerContext>({ typeDefs, resolvers: listening as never });
  const handler = createYoga<PeerContext>({
    schema,
    logging: false,
    context: ({ request }) => createPeerContext(source, request.headers.get('x-auth-token') ?? ''),
  });
  const server = createServer(handler);
  const sockets = new WebSocketServer({ server, path: '/graphql' });
  serveSockets({ schema, context: () => createPeerContext(source, '') }, sockets);
  server.listen(port, host);
}

/** graphql-ws as in its README, with graphql-js. */
async function graphqlWs() {
  const schema = makeExecutableSchema({ typeDefs, resolvers: listening });
  const server = createServer((_request, response) => response.end());
  serveSockets(
    { schema, context: () => createPeerContext(source, '') },
    new WebSocketServer({ server, path: '/graphql' }),
  );
  server.listen(port, host);
}

/** No GraphQL: the minimum cost of a delivery with `ws`, one string sent to every listener. */
async function raw() {
  const server = createServer((_request, response) => response.end());
  const listeners = new Set<WebSocket>();
  new WebSocketServer({ server, path: '/graphql', handleProtocols: () => 'graphql-transport-ws' }).on(
    'connection',
    (socket) => {
      socket.on('message', (data) => {
        const { type } = JSON.parse(String(data)) as { type: string };
        if (type === 'connection_init') socket.send('{"type":"connection_ack"}');
        if (type === 'ping') socket.send('{"type":"pong"}');
        if (type === 'subscribe') listeners.add(socket);
      });
    },
  );
  publish = (event) => {
    const frame = JSON.stringify({ id: '1', type: 'next', payload: { data: event } });
    for (const socket of listeners) socket.send(frame);
  };
  server.listen(port, host);
}

const kinds: Record<string, () => Promise<void>> = {
  apollo,
  mercurius: mercuriusPeer,
  yoga,
  'graphql-ws': graphqlWs,
  raw,
};
await kinds[kind]?.();
