import type { FastifyInstance } from 'fastify';
import type { Config } from '../../config.ts';
import { bundleFolder, registerPage } from '../browser-page.ts';
import { type ExampleIds, examples } from './examples.ts';

export interface GraphiqlOptions {
  readonly config: Pick<Config, 'CONSOLE' | 'CONSOLE_LOGIN' | 'GRAPHIQL'>;
  /** The sandbox cloud, whose demo token and ids are filled in; null on a real cloud, where the user enters a token. */
  readonly sandbox: ({ token(): string } & ExampleIds) | null;
  /** The folder of the bundle; the one that the build makes by default. */
  readonly bundle?: string;
}

/**
 * Serves GraphiQL at GET /graphql to clients that accept HTML, and its files under /graphql/assets/. Call it before GraphQL
 * over HTTP, which has the same path, is registered.
 */
export function registerGraphiql(app: FastifyInstance, options: GraphiqlOptions): void {
  const { config, sandbox, bundle = bundleFolder('graphiql') } = options;
  if (!config.GRAPHIQL) return;
  registerPage(app, {
    title: 'GraphiQL',
    path: '/graphql',
    assets: 'graphql/assets/',
    bundle,
    // Monaco, GraphiQL's editor, adds inline style elements
    hasInlineStyles: true,
    config: () => ({
      token: sandbox?.token() ?? null,
      sandbox: sandbox !== null,
      hasLogin: config.CONSOLE_LOGIN,
      hasConsole: config.CONSOLE,
      examples: examples(sandbox),
    }),
  });
}
