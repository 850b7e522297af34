/** URLs of the gateway, relative to the page: they hold below any path prefix. */
export const gatewayUrl = (path: string): string => new URL(path, document.baseURI).href;

/** GraphQL over HTTP. */
export const graphqlUrl = (): string => gatewayUrl('graphql');

/** GraphQL over WebSocket. */
export const socketUrl = (): string => graphqlUrl().replace(/^http/, 'ws');
