import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';

const CLIENT = '/usr/bin/openstack';
const run = promisify(execFile);

/** Debian's `openstack` client, signed in as the user whom OS_CLOUD names, at the Keystone that `authUrl` names. */
export interface OpenStackClient {
  /** Runs a command, and reads its JSON. Rejects with what it wrote to standard error. */
  json(...words: string[]): Promise<unknown>;
  run(...words: string[]): Promise<string>;
}

/** The client, installed by apt-get where that is possible; else throws with what to install. */
export function openstackClient(authUrl: string): OpenStackClient {
  install();
  const call = async (words: string[]) => {
    const { stdout } = await run(CLIENT, ['--os-auth-url', authUrl, ...words], { maxBuffer: 16 * 1024 * 1024 });
    return stdout;
  };
  return { run: (...words) => call(words), json: async (...words) => JSON.parse(await call([...words, '-f', 'json'])) };
}

function install(): void {
  if (!existsSync(CLIENT) && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const packages = ['python3-openstackclient'];
    execFileSync('apt-get', ['update', '-qq'], { env, stdio: 'ignore' });
    execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], { env, stdio: 'ignore' });
  }
  if (existsSync(CLIENT)) return;
  throw new Error('No openstack client: install it (Debian: apt-get install python3-openstackclient)');
}

/** A Keystone whose catalog has another compute endpoint. */
export interface CatalogFront {
  readonly authUrl: string;
  close(): Promise<void>;
}

/**
 * Stands before Keystone, and puts the gateway into the catalogs that come with tokens: what an operator does once with
 * `openstack endpoint set`, without touching a cloud that others use. Any client of any age follows a catalog.
 */
export async function startCatalogFront(authUrl: string, computeUrl: string): Promise<CatalogFront> {
  const server = createServer(async (request, response) => {
    const answer = await fetch(authUrl.replace(/\/v3\/*$/, '') + request.url, {
      method: request.method ?? 'GET',
      headers: passedHeaders(request),
      body: request.method === 'POST' ? await readBody(request) : null,
    });
    const text = withCompute(await answer.text(), computeUrl);
    response.statusCode = answer.status;
    for (const name of ['content-type', 'x-subject-token', 'vary']) {
      const value = answer.headers.get(name);
      if (value !== null) response.setHeader(name, value);
    }
    response.end(text.replaceAll(authUrl.replace(/\/v3\/*$/, ''), `http://${request.headers.host}`));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    authUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v3`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function passedHeaders({ headers }: IncomingMessage): Record<string, string> {
  const names = ['content-type', 'accept', 'x-auth-token', 'x-subject-token'];
  return Object.fromEntries(names.flatMap((name) => (headers[name] ? [[name, String(headers[name])]] : [])));
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function withCompute(text: string, url: string): string {
  if (!text.includes('"catalog"')) return text;
  const body = JSON.parse(text) as { token?: { catalog?: { type: string; endpoints: { url: string }[] }[] } };
  for (const entry of body.token?.catalog ?? []) {
    if (entry.type === 'compute') for (const endpoint of entry.endpoints) endpoint.url = url;
  }
  return JSON.stringify(body);
}
