/**
 * Keystone, Nova and Manila for the benchmarks: responses of the real shape, each made once and delayed by `upstream.js <ms>`.
 * Nothing is checked, so that the upstream takes little time from the core of the load generator.
 */
import { createServer, type IncomingMessage } from 'node:http';
import { handleCalls } from './calls.ts';
import { manilaShare, novaServer, projectOfToken, SHARES, serverId, shareId, shareOfServer } from './data.ts';
import { freePort } from './processes.ts';

const delayMs = Number(process.argv[2] ?? 0);
let servers = Number(process.argv[3] ?? 200);
const port = await freePort();
const url = `http://127.0.0.1:${port}`;
const made = new Map<string, Buffer>();
let requests = 0;

type Make = (project: string, match: RegExpExecArray, query: URLSearchParams) => unknown;
const ROUTES: [RegExp, Make][] = [
  [/^\/identity\/v3\/auth\/tokens$/, (project) => token(project)],
  [/^\/identity\/v3\/?$/, () => ({ version: { id: 'v3.14' } })],
  [/^\/compute\/v2.1\/$/, () => ({ version: { id: 'v2.1', version: '2.96', min_version: '2.1' } })],
  [/^\/share\/v2\/$/, () => ({ versions: [{ id: 'v2.0', version: '2.82', min_version: '2.0' }] })],
  [/^\/compute\/v2.1\/servers\/detail$/, listServers],
  [/^\/compute\/v2.1\/servers\/([^/]+)\/shares$/, (_project, [, id]) => ({ shares: [attachmentOf(numberOf(id))] })],
  [/^\/compute\/v2.1\/servers\/([^/]+)$/, (project, [, id]) => ({ server: novaServer(numberOf(id), project) })],
  [/^\/share\/v2\/shares\/detail$/, (project) => ({ shares: allShares(project), count: SHARES })],
  [/^\/share\/v2\/shares\/([^/]+)$/, (project, [, id]) => ({ share: manilaShare(numberOf(id), project) })],
];

const numberOf = (id = '') => Number(id.slice(-12));
const allShares = (project: string) => Array.from({ length: SHARES }, (_, i) => manilaShare(i, project));

function attachmentOf(server: number) {
  const share = shareOfServer(server);
  const uuid = `${serverId(server)}:${shareId(share)}`;
  return { uuid, share_id: shareId(share), status: 'attached', tag: `/mnt/data-${server}`, access_level: 'rw' };
}

function listServers(project: string, _match: RegExpExecArray, query: URLSearchParams) {
  const limit = Math.min(Number(query.get('limit') ?? 1000), servers);
  const page = Array.from({ length: limit }, (_, i) => novaServer(i, project));
  const links = limit < servers ? { servers_links: [{ rel: 'next', href: url }] } : {};
  return { servers: page, ...links };
}

function token(project: string) {
  const endpoint = (path: string) => [
    { id: 'e', interface: 'public', region: 'R', region_id: 'R', url: `${url}${path}` },
  ];
  return {
    token: {
      methods: ['password'],
      expires_at: '2099-01-01T00:00:00.000000Z',
      user: { id: 'u1', name: 'demo', domain: { id: 'default', name: 'Default' } },
      project: { id: project, name: `project-${project}`, domain: { id: 'default', name: 'Default' } },
      roles: [{ id: 'r1', name: 'member' }],
      catalog: [
        { type: 'compute', name: 'nova', id: 'c', endpoints: endpoint('/compute/v2.1') },
        { type: 'shared-file-system', name: 'manila', id: 's', endpoints: endpoint('/share/v2') },
      ],
    },
  };
}

function responseTo(request: IncomingMessage): Buffer | null {
  const project = projectOfToken(String(request.headers['x-subject-token'] ?? request.headers['x-auth-token'] ?? ''));
  const key = `${project} ${request.url}`;
  const known = made.get(key);
  if (known) return known;
  const { pathname, searchParams } = new URL(request.url ?? '/', url);
  for (const [pattern, make] of ROUTES) {
    const match = pattern.exec(pathname);
    if (!match) continue;
    const body = Buffer.from(JSON.stringify(make(project, match, searchParams)));
    made.set(key, body);
    return body;
  }
  return null;
}

createServer((request, response) => {
  requests++;
  const body = responseTo(request);
  const respond = () => {
    response.writeHead(body ? 200 : 404, { 'content-type': 'application/json', 'content-length': body?.length ?? 2 });
    response.end(body ?? '{}');
  };
  if (delayMs > 0) setTimeout(respond, delayMs);
  else respond();
}).listen(port, '127.0.0.1', () => {
  handleCalls({
    requests: () => requests,
    servers: ({ count }: { count: number }) => {
      servers = count;
      made.clear();
    },
  });
  process.send?.({ url });
});
