import type { FastifyInstance } from 'fastify';
import { bundleFolder, registerPage } from '../browser-page.ts';

export interface ConsoleOptions {
  /** The setting CONSOLE. */
  readonly enabled: boolean;
  /** The setting GRAPHIQL: the page links to GraphiQL. */
  readonly hasGraphiql?: boolean;
  /** The sandbox cloud, whose demo token is filled in; null on a real cloud, where the user signs in. */
  readonly sandbox: { token(): string } | null;
  /** The folder of the bundle; the one that the build makes by default. */
  readonly bundle?: string;
}

/** Serves the console at GET / to clients that accept HTML, and its files under /console/assets/. */
export function registerConsole(app: FastifyInstance, options: ConsoleOptions): void {
  const { enabled, hasGraphiql = false, sandbox, bundle = bundleFolder('console') } = options;
  if (!enabled) return;
  registerPage(app, {
    title: 'Console',
    path: '/',
    assets: 'console/assets/',
    bundle,
    config: () => ({ token: sandbox?.token() ?? null, sandbox: sandbox !== null, hasGraphiql }),
  });
}
