import { DEMO, type Sandbox, startSandbox } from '../../src/sandbox/index.ts';

/** A client of the sandbox's services. */
export interface Client {
  sandbox: Sandbox;
  nova(method: string, path: string, body?: unknown): Promise<Reply>;
  manila(method: string, path: string, body?: unknown): Promise<Reply>;
  keystone(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Reply>;
}

export interface Reply {
  status: number;
  headers: Headers;
  body: unknown;
}

/** The value at a path of a body, as `servers.0.id`; with a star, one value per entry, as `servers.*.name`. */
export function at(body: unknown, path: string): unknown {
  const [name = '', ...rest] = path.split('.');
  if (path === '') return body;
  if (name === '*') return Array.isArray(body) ? body.map((entry) => at(entry, rest.join('.'))) : undefined;
  return typeof body === 'object' && body !== null
    ? at((body as Record<string, unknown>)[name], rest.join('.'))
    : undefined;
}

/** Starts a sandbox, and returns a client of it with a user's token. */
export async function startClient(options: Parameters<typeof startSandbox>[0] = {}, user = 'demo'): Promise<Client> {
  const sandbox = await startSandbox({ accessDelayMs: 1, ...options });
  return clientOf(sandbox, sandbox.issueToken(user));
}

/** A client of a sandbox with this token, at these microversions. */
export function clientOf(sandbox: Sandbox, token: string, versions = { nova: '2.96', manila: '2.82' }): Client {
  const ask = async (
    prefix: string,
    own: Record<string, string>,
    method: string,
    path: string,
    body?: unknown,
  ): Promise<Reply> => {
    const headers = {
      'x-auth-token': token,
      ...own,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    };
    const init = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) };
    const response = await fetch(`${sandbox.url}${prefix}${path}`, init);
    const answer = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') && answer !== '';
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(answer) : answer };
  };
  return {
    sandbox,
    nova: (...args) => ask('/compute/v2.1', { 'openstack-api-version': `compute ${versions.nova}` }, ...args),
    manila: (...args) => ask('/share/v2', { 'x-openstack-manila-api-version': versions.manila }, ...args),
    keystone: (method, path, body, headers = {}) => ask('/identity/v3', headers, method, path, body),
  };
}

/** Allows access to a share, and returns the rule as Manila first shows it. */
export async function allow(client: Client, accessTo: string, options: { shareId?: string; accessType?: string } = {}) {
  const { shareId = DEMO.nfsShareId, accessType = 'ip' } = options;
  const body = { allow_access: { access_type: accessType, access_to: accessTo } };
  const reply = await client.manila('POST', `/shares/${shareId}/action`, body);
  return at(reply.body, 'access') as { id: string; state: string };
}

/** Denies an access rule. */
export async function deny(client: Client, id: string, shareId: string = DEMO.nfsShareId): Promise<Reply> {
  return client.manila('POST', `/shares/${shareId}/action`, { deny_access: { access_id: id } });
}
