import { Client, type CombinedError, fetchExchange, subscriptionExchange } from '@urql/core';
import { authExchange } from '@urql/exchange-auth';
import type { Session } from '../shared/session.ts';
import { graphqlUrl } from '../shared/urls.ts';
import { createCache } from './cache.ts';
import type { EventSocket } from './socket.ts';

const isUnauthenticated = ({ graphQLErrors }: CombinedError) =>
  graphQLErrors.some(({ extensions }) => extensions['code'] === 'UNAUTHENTICATED');

/**
 * The client of the page: queries and mutations over HTTP, the subscription over the socket, one cache for all. An
 * operation with a token that has expired waits until the user has signed in again, and is then repeated.
 */
export function createConsoleClient(session: Session, socket: EventSocket): Client {
  const auth = authExchange(async (utils) => {
    let token = await session.token();
    return {
      addAuthToOperation: (operation) => utils.appendHeaders(operation, { 'X-Auth-Token': token }),
      didAuthError: isUnauthenticated,
      willAuthError: () => session.state()?.token !== token || session.state()?.expired !== null,
      async refreshAuth() {
        if (session.state()?.token === token) session.expire(token, 'The gateway does not accept the token any more');
        token = await session.token();
      },
    };
  });
  return new Client({
    url: graphqlUrl(),
    preferGetMethod: false,
    fetchOptions: { headers: { accept: 'application/graphql-response+json, application/json;q=0.9' } },
    exchanges: [createCache(), auth, fetchExchange, subscriptionExchange({ forwardSubscription: socket.forward })],
  });
}
