import type { FastifyInstance } from 'fastify';
import type { Config } from '../../config.ts';
import { bundleFolder, registerPage } from '../browser-page.ts';

export interface ConsoleOptions {
  readonly config: Pick<Config, 'CONSOLE' | 'CONSOLE_LOGIN' | 'GRAPHIQL' | 'PUBLIC_URL'>;
  /** The sandbox cloud, whose demo token is filled in; null on a real cloud, where the user signs in. */
  readonly sandbox: { token(): string } | null;
  /** The folder of the bundle; the one that the build makes by default. */
  readonly bundle?: string;
}

/** Serves the console at GET / to clients that accept HTML, and its files under /console/assets/. */
export function registerConsole(app: FastifyInstance, options: ConsoleOptions): void {
  const { config, sandbox, bundle = bundleFolder('console') } = options;
  if (!config.CONSOLE) return;
  if (config.PUBLIC_URL !== undefined) redirectPrefix(app, config.PUBLIC_URL);
  registerPage(app, {
    title: 'Console',
    path: '/',
    assets: 'console/assets/',
    bundle,
    config: () => ({
      token: sandbox?.token() ?? null,
      sandbox: sandbox !== null,
      hasLogin: config.CONSOLE_LOGIN,
      hasGraphiql: config.GRAPHIQL,
    }),
  });
}

/** A page's relative URLs need the slash at the end: `https://host/gateway` becomes `https://host/gateway/`. */
function redirectPrefix(app: FastifyInstance, publicUrl: string): void {
  const prefix = new URL(publicUrl).pathname;
  if (prefix.endsWith('/')) return;
  app.addHook('onRequest', (request, reply, done) => {
    const isPage = request.method === 'GET' && request.headers.accept?.includes('text/html');
    if (isPage && request.url === prefix) reply.redirect(`${prefix}/`, 308);
    else done();
  });
}
