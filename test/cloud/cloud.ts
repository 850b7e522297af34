import { randomUUID } from 'node:crypto';
import { homedir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { closeCloud, createCloud } from '../../src/openstack/cloud.ts';
import { readCloudConfig } from '../../src/openstack/config/cloud-config.ts';
import { request } from '../../src/openstack/http/request.ts';
import { issueToken } from '../../src/openstack/keystone/client.ts';
import type { Share } from '../../src/openstack/manila/types.ts';
import { listServers } from '../../src/openstack/nova/client.ts';
import { MANILA } from '../../src/openstack/services.ts';
import type { Session } from '../../src/openstack/session.ts';
import { until } from '../support/until.ts';

/** The cloud that OS_CLOUD names, with its user's session. `close` deletes the shares that were created here. */
export async function openCloud() {
  const named = readCloudConfig(process.env, { cwd: process.cwd(), home: homedir() });
  if (named.kind !== 'cloud' || !named.credentials) {
    throw new Error(
      'test:cloud: expected OS_CLOUD to name a cloud of clouds.yaml with credentials of a project member',
    );
  }
  const { settings, credentials } = named;
  const log = pino({ level: 'silent' });
  const cloud = createCloud({ ...settings, timeoutMs: 30_000, connections: 8 });
  const requestId = `req-${randomUUID()}`;
  const session: Session = { cloud, requestId, log, ...(await issueToken(cloud, credentials, requestId, log)) };
  const made: string[] = [];
  return {
    settings,
    session,
    log,
    findServer: () => findServer(session),
    /** Creates a share; resolves when it is available. */
    makeShare: async (protocol: string) => {
      const body = { share: { name: `gateway-test-${randomUUID()}`, share_proto: protocol, size: 1 } };
      const { id } = await share('POST', '', body);
      made.push(id);
      await until(async () => {
        const { status } = await share('GET', `/${id}`);
        if (status === 'error') throw new Error(`Share ${id} of ${protocol} ended in error`);
        return status === 'available';
      });
      return id;
    },
    async close() {
      for (const id of made) await request(session, MANILA, { method: 'DELETE', path: `/shares/${id}` });
      await closeCloud(cloud);
    },
  };

  async function share(method: 'GET' | 'POST', path: string, body?: unknown): Promise<Share> {
    const options = { method, path: `/shares${path}`, ...(body === undefined ? {} : { body }) };
    return (await request<{ share: Share }>(session, MANILA, options)).body.share;
  }
}

export type OpenCloud = Awaited<ReturnType<typeof openCloud>>;

async function findServer(session: Session): Promise<string> {
  const { servers } = await listServers(session, { limit: 1, filters: { status: ['ACTIVE'] } });
  if (!servers[0]) throw new Error('test:cloud: expected an ACTIVE server in the project');
  return servers[0].id;
}

/** Between two reads of a real cloud, in ms, and how many there are at most. */
const POLL_MS = 500;
const POLLS = 240;

/** Reads until something truthy is there, and returns that; throws after two minutes. */
export async function eventually<T>(read: () => Promise<T>): Promise<T> {
  for (let polls = 0; polls < POLLS; polls++) {
    const found = await read();
    if (found) return found;
    await sleep(POLL_MS);
  }
  throw new Error(`Not true after ${(POLLS * POLL_MS) / 1000} s: ${read}`);
}

/** Sends a query to a gateway with this token; throws the messages of its errors. */
export async function ask(url: string, token: string, query: string, variables: Record<string, unknown> = {}) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-auth-token': token },
    body: JSON.stringify({ query, variables }),
  });
  // biome-ignore lint/suspicious/noExplicitAny: a response has the shape of its query
  const { data, errors } = (await response.json()) as { data: any; errors?: { message: string }[] };
  if (errors) throw new Error(errors.map((error) => error.message).join('; '));
  return data;
}
