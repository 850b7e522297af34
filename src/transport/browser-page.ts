/** What the pages for browsers have in common: their headers, their files, and the JSON that configures them. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { logQuietly } from './request-log.ts';

/** A page that a bundle of scripts/ makes. */
export interface BrowserPage {
  readonly title: string;
  /** The path at which the page is served. */
  readonly path: string;
  /** The folder of its files in URLs, relative to the page: it works below any path prefix of a proxy. */
  readonly assets: string;
  /** The folder of the bundle. */
  readonly bundle: string;
  /** Whether a script adds style elements of its own. */
  readonly hasInlineStyles?: boolean;
  /** The page's configuration, read for each request. */
  config(): unknown;
}

/** The folder in which scripts/build.mjs puts a bundle: the relative path is the same from src/ and from dist/. */
export const bundleFolder = (name: string): string => fileURLToPath(new URL(`../../dist/${name}`, import.meta.url));

/** Everything comes from files of this origin. */
const policyOf = ({ hasInlineStyles = false }: BrowserPage) =>
  [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self'${hasInlineStyles ? " 'unsafe-inline'" : ''}`,
    "worker-src 'self'",
    "connect-src 'self'",
    "img-src 'self' data:",
    "font-src 'self' data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');

const headersOf = (page: BrowserPage) => ({
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': policyOf(page),
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-store',
  vary: 'accept',
});

/** Whether a browser opens the page. An operation in the URL, or an upgrade, belongs to the GraphQL transports. */
function wantsPage({ method, url, headers }: FastifyRequest, path: string): boolean {
  if (method !== 'GET' || headers.upgrade !== undefined || !headers.accept?.includes('text/html')) return false;
  const { pathname, searchParams } = new URL(url, 'http://gateway');
  return pathname === path && !searchParams.has('query');
}

/** JSON for a script element: without `<`, nothing in it can end the element. */
const inlineJson = (value: unknown) => JSON.stringify(value).replaceAll('<', '\\u003c');

const html = (title: string, head: string, body: string) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · nova-manila-gateway</title>
<link rel="icon" href="data:,">
${head}
</head>
<body>
${body}
</body>
</html>
`;

const notBuilt = (title: string) =>
  html(title, '', `<p>${title} is not built yet: run <code>npm run build</code> and start the gateway again.</p>`);

interface Manifest {
  readonly script: string;
  readonly style: string;
}

function readManifest(bundle: string): Manifest | null {
  const file = join(bundle, 'manifest.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Manifest) : null;
}

/** The page: the bundle's files, and its configuration as JSON that no browser executes. */
function htmlOf({ title, assets, config }: BrowserPage, { script, style }: Manifest): string {
  return html(
    title,
    `<link rel="stylesheet" href="${assets}${style}">
<script type="application/json" id="config">${inlineJson(config())}</script>
<script type="module" src="${assets}${script}"></script>`,
    '<div id="root"></div>',
  );
}

/**
 * Serves a page to clients that accept HTML, and its files. It is a hook and not a route, since the path may belong to the
 * API too; call it before that is registered. Without a bundle the page says how to build it.
 */
export function registerPage(app: FastifyInstance, page: BrowserPage): void {
  const manifest = readManifest(page.bundle);
  app.addHook('onRequest', (request, reply, done) => {
    if (!wantsPage(request, page.path)) return done();
    reply.headers(headersOf(page)).send(manifest ? htmlOf(page, manifest) : notBuilt(page.title));
  });
  if (!manifest) return;
  app.register(async (scope) => {
    logQuietly(scope);
    await scope.register(fastifyStatic, {
      root: page.bundle,
      prefix: `/${page.assets}`,
      decorateReply: false,
      index: false,
      preCompressed: true,
      maxAge: '365d',
      immutable: true,
      setHeaders: (response) => response.setHeader('x-content-type-options', 'nosniff'),
    });
  });
}
