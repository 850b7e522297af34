/** A service over real HTTP whose responses a test sets, and which records its requests. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Logger, pino } from 'pino';
import { type Cloud, type CloudSettings, closeCloud, createCloud } from '../../src/openstack/cloud.ts';
import type { Session } from '../../src/openstack/session.ts';

export interface Seen {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: unknown;
}

/** `hang`: never responds. `reset`: closes the connection. A function writes the response itself. */
export type Reply =
  | { status: number; headers?: Record<string, string>; body?: unknown }
  | 'hang'
  | 'reset'
  | ((response: ServerResponse) => void);

/** An exchange recorded from a real cloud. */
export interface Fixture {
  request: { method: string; path: string; headers: Record<string, string>; body: unknown };
  response: { status: number; headers: Record<string, string>; body: unknown };
}

export type Release = 'epoxy' | 'zed';

/** The microversions that are negotiated with each recorded cloud. */
export const MICROVERSIONS = {
  epoxy: { nova: '2.100', manila: '2.89' },
  zed: { nova: '2.93', manila: '2.73' },
} as const;

export const REQUEST_ID = 'req-3f2504e0-4f89-41d3-9a0c-0305e82c3301';
export const TOKEN = 'gAAAAABn-the-token-of-demo';

export function fixture(service: 'keystone' | 'nova' | 'manila', name: string, release: Release): Fixture {
  const file = new URL(`../fixtures/${service}/${name}.${release}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')) as Fixture;
}

const closing: (() => Promise<void>)[] = [];

/** Closes everything that the tests of a file opened; for `afterEach`. */
export async function closeAll(): Promise<void> {
  await Promise.all(closing.splice(0).map((close) => close()));
}

/** Starts a service on a free port. */
export async function startService(answer: (seen: Seen) => Reply | Promise<Reply>) {
  const requests: Seen[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', async () => {
      const text = Buffer.concat(chunks).toString();
      const seen = {
        method: request.method ?? '',
        path: request.url ?? '',
        headers: request.headers,
        body: text === '' ? null : (JSON.parse(text) as unknown),
      };
      requests.push(seen);
      server.emit('seen', seen);
      write(response, await answer(seen));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, requests, nextRequest: async () => (await once(server, 'seen'))[0] as Seen };
}

function write(response: ServerResponse, reply: Reply): void {
  if (reply === 'hang') return;
  if (reply === 'reset') {
    response.socket?.destroy();
    return;
  }
  if (typeof reply === 'function') {
    reply(response);
    return;
  }
  const { status, headers = {}, body } = reply;
  const type = typeof body === 'string' ? 'text/html' : 'application/json';
  response.writeHead(status, { 'content-type': type, ...headers });
  response.end(body === null || body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body));
}

/** A recorded response for the version documents, `answer` for the rest. */
export function withVersions(release: Release, answer: (seen: Seen) => Reply | Promise<Reply>) {
  return (seen: Seen) => {
    if (seen.path === '/v2.1/') return fixture('nova', 'version', release).response;
    if (seen.path === '/v2/') return fixture('manila', 'version-v2', release).response;
    return answer(seen);
  };
}

export function cloudAt(url: string, settings: Partial<CloudSettings> = {}): Cloud {
  const cloud = createCloud({
    authUrl: `${url}/v3`,
    region: null,
    interface: 'public',
    endpointOverrides: {},
    timeoutMs: 10_000,
    connections: 4,
    ...settings,
  });
  closing.push(() => closeCloud(cloud));
  return cloud;
}

/** A session of demo in a cloud whose services are all at one address; `path` follows the version in the catalog. */
export function sessionIn(cloud: Cloud, { log = pino({ level: 'silent' }), path = '', token = TOKEN } = {}): Session {
  const url = cloud.authUrl.replace('/v3', '');
  const endpoint = (at: string) => [{ interface: 'public', region: 'RegionOne', region_id: 'RegionOne', url: at }];
  return {
    cloud,
    token,
    identity: {
      userId: '104fb3066c494f9b918ed80916f94ed1',
      userName: 'demo',
      userDomainName: 'Default',
      projectId: '8903955a85ba4379b4c0dd07ac47cdef',
      projectName: 'demo',
      projectDomainName: 'Default',
      roles: ['member', 'reader'],
      expiresAt: Date.now() + 3_600_000,
    },
    catalog: [
      { type: 'compute', endpoints: endpoint(`${url}/v2.1${path}`) },
      { type: 'sharev2', endpoints: endpoint(`${url}/v2${path}`) },
    ],
    requestId: REQUEST_ID,
    log,
  };
}

/** A version document as of a cloud whose newest microversion is that of the recorded request. */
function endingAt({ request }: Fixture, reply: Reply | Promise<Reply>): Reply | Promise<Reply> {
  if (reply instanceof Promise || typeof reply !== 'object' || !reply.body) return reply;
  const header = request.headers['openstack-api-version'] ?? request.headers['x-openstack-manila-api-version'] ?? '';
  const version = header.replace('compute ', '');
  return {
    ...reply,
    body: JSON.parse(JSON.stringify(reply.body).replace(/"version":"2\.\d+"/, `"version":"${version}"`)),
  };
}

/** Runs a call against a recorded response; returns its result, and the requests other than for the version document. */
export async function replay<T>(recorded: Fixture, release: Release, call: (session: Session) => Promise<T>) {
  const service = await startService((seen) =>
    endingAt(recorded, withVersions(release, () => recorded.response)(seen)),
  );
  // the clouds' catalogs differ: Zed's endpoints carry the project's id
  const path = /^\/v2(?:\.1)?(\/[0-9a-f]{32})\//.exec(recorded.request.path)?.[1] ?? '';
  const outcome = await call(sessionIn(cloudAt(service.url), { path })).then(
    (answer) => ({ answer, error: null }),
    (error: unknown) => ({ answer: null, error }),
  );
  const asked = service.requests.filter((seen) => !/^\/v2(\.1)?\/$/.test(seen.path));
  return { ...outcome, asked };
}

/** What of a request the contract is about, for comparison with a recorded one. */
export function essence({ method, path, headers, body }: Seen | Fixture['request']) {
  const url = new URL(path, 'http://service');
  url.searchParams.sort();
  const version = headers['openstack-api-version'] ?? headers['x-openstack-manila-api-version'];
  return { method, path: url.pathname, query: [...url.searchParams], version, body };
}

/** A log whose lines are kept. */
export function keptLog(): { log: Logger; lines: () => Record<string, unknown>[]; text: () => string } {
  const chunks: string[] = [];
  const log = pino({ level: 'trace' }, { write: (chunk: string) => void chunks.push(chunk) });
  const lines = () => chunks.map((chunk) => JSON.parse(chunk) as Record<string, unknown>);
  return { log, lines, text: () => chunks.join('') };
}
