import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type ExampleIds, examples } from './examples.ts';

export interface GraphiqlOptions {
  /** The setting GRAPHIQL. */
  readonly enabled: boolean;
  /** The sandbox cloud, whose demo token and ids are filled in; null on a real cloud, where the user enters a token. */
  readonly sandbox: ({ token(): string } & ExampleIds) | null;
  /** The folder of the bundle; the one that the build makes by default. */
  readonly bundle?: string;
}

/** Where scripts/build.mjs puts the bundle: the relative path is the same from src/ and from dist/. */
const BUNDLE = fileURLToPath(new URL('../../../dist/graphiql', import.meta.url));
const ASSETS = '/graphql/assets/';
/** The same, relative to the page: a proxy may serve it below a prefix. */
const RELATIVE_ASSETS = ASSETS.slice(1);

/** Monaco, GraphiQL's editor, adds inline style elements; everything else comes from files of this origin. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "worker-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-store',
  vary: 'accept',
};

/** Whether a browser opens /graphql. An operation in the URL, or an upgrade, belongs to the GraphQL transports. */
function wantsPage({ method, url, headers }: FastifyRequest): boolean {
  if (method !== 'GET' || headers.upgrade !== undefined || !headers.accept?.includes('text/html')) return false;
  const { pathname, searchParams } = new URL(url, 'http://gateway');
  return pathname === '/graphql' && !searchParams.has('query');
}

/** JSON for a script element: without `<`, nothing in it can end the element. */
const inlineJson = (value: unknown) => JSON.stringify(value).replaceAll('<', '\\u003c');

const html = (head: string, body: string) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>GraphiQL · nova-manila-gateway</title>
<link rel="icon" href="data:,">
${head}
</head>
<body>
${body}
</body>
</html>
`;

const NOT_BUILT = html(
  '',
  '<p>GraphiQL is not built yet: run <code>npm run build</code> and start the gateway again.</p>',
);

interface Manifest {
  readonly script: string;
  readonly style: string;
}

function readManifest(bundle: string): Manifest | null {
  const file = join(bundle, 'manifest.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Manifest) : null;
}

/** The page: the bundle's files, and its configuration as JSON that no browser executes. */
function page({ script, style }: Manifest, sandbox: GraphiqlOptions['sandbox']): string {
  const config = {
    token: sandbox?.token() ?? null,
    sandbox: sandbox !== null,
    examples: examples(sandbox),
  };
  return html(
    `<link rel="stylesheet" href="${RELATIVE_ASSETS}${style}">
<script type="application/json" id="config">${inlineJson(config)}</script>
<script type="module" src="${RELATIVE_ASSETS}${script}"></script>`,
    '<div id="root"></div>',
  );
}

/**
 * Serves GraphiQL at GET /graphql to clients that accept HTML, and its files under /graphql/assets/. It is a hook and not a
 * route, since the route belongs to GraphQL over HTTP; call it before that is registered. Without a bundle the page says
 * how to build it.
 */
export function registerGraphiql(app: FastifyInstance, { enabled, sandbox, bundle = BUNDLE }: GraphiqlOptions): void {
  if (!enabled) return;
  const manifest = readManifest(bundle);
  app.addHook('onRequest', (request, reply, done) => {
    if (!wantsPage(request)) return done();
    reply.headers(PAGE_HEADERS).send(manifest ? page(manifest, sandbox) : NOT_BUILT);
  });
  if (!manifest) return;
  app.register(fastifyStatic, {
    root: bundle,
    prefix: ASSETS,
    decorateReply: false,
    index: false,
    preCompressed: true,
    maxAge: '365d',
    immutable: true,
    setHeaders: (response) => response.setHeader('x-content-type-options', 'nosniff'),
  });
}
