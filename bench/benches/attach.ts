/** `attach`: from attachShare to the ATTACHED event, against the same calls made by hand. */
import { createClient } from 'graphql-ws';
import { Pool } from 'undici';
import { WebSocket } from 'ws';
import { MAIN, startStore } from '../gateway.ts';
import { stopAll } from '../measure.ts';
import { startServer, startWorker, type Worker } from '../processes.ts';
import { barOf, type Line, median, number, ratio } from '../table.ts';

const CALL_MS = 20;
const ACTIVE_MS = 300;
const POLL_MS = 100;
const TIMES = 10;
const AT_ONCE = 50;

/** A server and a share to attach. */
export interface Pair {
  serverId: string;
  shareId: string;
}

export async function attach(): Promise<Line[]> {
  const cloud = await startWorker('sandbox', [String(CALL_MS), String(ACTIVE_MS)]);
  const kept = await startStore();
  const sandboxUrl = cloud.hello.url ?? '';
  const server = await startServer(MAIN, { env: { ...signIn(sandboxUrl), REDIS_URL: kept.redis.url } });
  try {
    const token = await cloud.call<string>({ method: 'token' });
    const pairs = await cloud.call<Pair[]>({ method: 'pairs', count: 2 * TIMES + 2 * AT_ONCE + 2 });
    const byGateway = await throughGateway(server.url, token);
    const byHand = throughRest(sandboxUrl, token);
    const take = () => pairs.pop() as Pair;
    const [ours, hands]: [number[], number[]] = [[], []];
    for (const way of [byGateway.attach, byHand]) await timed(() => way(take()));
    for (let i = 0; i < TIMES; i++) {
      ours.push(await timed(() => byGateway.attach(take())));
      hands.push(await timed(() => byHand(take())));
    }
    const many = await Promise.all(Array.from({ length: AT_ONCE }, () => timed(() => byGateway.attach(take()))));
    const manyByHand = await Promise.all(Array.from({ length: AT_ONCE }, () => timed(() => byHand(take()))));
    byGateway.close();
    return lines({ ours, hands, many, manyByHand });
  } finally {
    await stopAll(cloud as Worker, server);
    await kept.close();
  }
}

/** The gateway's settings to sign in to the sandbox. */
export function signIn(sandboxUrl: string): Record<string, string> {
  return {
    OS_AUTH_URL: `${sandboxUrl}/identity/v3`,
    OS_USERNAME: 'gateway',
    OS_PASSWORD: 'secret',
    OS_PROJECT_NAME: 'service',
    OS_USER_DOMAIN_NAME: 'Default',
    OS_PROJECT_DOMAIN_NAME: 'Default',
  };
}

function lines({ ours, hands, many, manyByHand }: Record<'ours' | 'hands' | 'many' | 'manyByHand', number[]>): Line[] {
  const [one, hand, fifty] = [median(ours), median(hands), median(many)];
  const line = (stack: string, times: number[]) => ({
    bench: 'attach: mutation to ATTACHED',
    stack,
    figures: {
      'ms median': number(median(times)),
      slowest: number(Math.max(...times)),
      'of by hand': ratio(median(times), hand),
    },
  });
  return [
    { ...line('gateway, one', ours), bar: barOf('of by hand', one / hand, { atMost: 1.15 }) },
    line(`by hand, poll of ${POLL_MS} ms`, hands),
    { ...line(`gateway, ${AT_ONCE} at once`, many), bar: barOf('of one', fifty / one, { atMost: 1.5 }) },
    line(`by hand, ${AT_ONCE} at once`, manyByHand),
  ];
}

/** How long some work takes, in ms. */
export async function timed(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

/** The mutation over HTTP, and one subscription for all events. */
async function throughGateway(url: string, token: string) {
  const waiting = new Map<string, () => void>();
  const connectionParams = { 'X-Auth-Token': token };
  const client = createClient({
    url: `${url.replace(/^http/, 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams,
  });
  const heard = (data: Heard) => {
    const { type, attachment } = data.shareAttachmentEvents;
    if (type === 'ATTACHED') waiting.get(attachment.id)?.();
  };
  const query = 'subscription { shareAttachmentEvents(after: "0-0") { type attachment { id } } }';
  client.subscribe<Heard>(
    { query },
    {
      next: ({ data }) => data && heard(data),
      error: (error) => process.stderr.write(`${error}\n`),
      complete: () => {},
    },
  );
  const pool = new Pool(url, { connections: 64 });
  const attachOne = async (input: Pair): Promise<void> => {
    const attached = new Promise<void>((resolve) => waiting.set(`${input.serverId}:${input.shareId}`, resolve));
    const { body } = await pool.request({
      path: '/graphql',
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-auth-token': token },
      body: JSON.stringify({
        query: 'mutation ($input: AttachShareInput!) { attachShare(input: $input) { attachment { id status } } }',
        variables: { input },
      }),
    });
    const response = await body.text();
    if (response.includes('"errors"')) throw new Error(response);
    await attached;
  };
  return { attach: attachOne, close: () => void client.dispose() };
}

interface Heard {
  shareAttachmentEvents: { type: string; attachment: { id: string } };
}

/** What a script does: read server and share, allow access, poll until the rule is active, read the export locations. */
export function throughRest(sandboxUrl: string, token: string) {
  const pool = new Pool(sandboxUrl, { connections: 64 });
  const call = async <T>(method: 'GET' | 'POST', path: string, body?: object): Promise<T> => {
    const response = await pool.request({
      method,
      path,
      headers: {
        'x-auth-token': token,
        'content-type': 'application/json',
        'openstack-api-version': 'compute 2.96',
        'x-openstack-manila-api-version': '2.82',
      },
      body: body ? JSON.stringify(body) : null,
    });
    if (response.statusCode >= 300) throw new Error(`${path}: ${response.statusCode} ${await response.body.text()}`);
    return (await response.body.json()) as T;
  };
  type Addresses = { server: { addresses: Record<string, { addr: string; version: number }[]> } };
  return async ({ serverId, shareId }: Pair): Promise<void> => {
    const [{ server }] = await Promise.all([
      call<Addresses>('GET', `/compute/v2.1/servers/${serverId}`),
      call('GET', `/share/v2/shares/${shareId}`),
      call('GET', `/share/v2/share-access-rules?share_id=${shareId}`),
    ]);
    const address = Object.values(server.addresses)
      .flat()
      .find(({ version }) => version === 4)?.addr;
    const { access } = await call<{ access: { id: string; state: string } }>(
      'POST',
      `/share/v2/shares/${shareId}/action`,
      {
        allow_access: { access_type: 'ip', access_to: address, access_level: 'rw' },
      },
    );
    for (let { state } = access; state !== 'active'; ) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      const seen = await call<{ access: { state: string } }>('GET', `/share/v2/share-access-rules/${access.id}`);
      state = seen.access.state;
    }
    await call('GET', `/share/v2/shares/${shareId}/export_locations`);
  };
}
