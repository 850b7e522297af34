import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const MAIN = new URL('../../dist/main.js', import.meta.url).pathname;

/** The environment without settings of the gateway and of a cloud: it then starts with the sandbox cloud. */
function environment() {
  const rest = Object.entries(process.env).filter(([name]) => !/^(OS_|REDIS_|NODE_ENV$|NODE_OPTIONS$)/.test(name));
  return { ...Object.fromEntries(rest), PORT: '0', SANDBOX_PORT: '0', LOG_LEVEL: 'warn' };
}

/**
 * Starts the built gateway on its sandbox cloud, as a user does: its URL, the sandbox's Keystone, and a function that
 * stops it.
 */
export async function startGateway() {
  const child = spawn(process.execPath, [MAIN], { env: environment(), stdio: ['ignore', 'pipe', 'inherit'] });
  const found = {};
  for await (const line of createInterface({ input: child.stdout })) {
    found.url ??= /GraphiQL and GraphQL: (\S+)/.exec(line)?.[1];
    found.keystone ??= /Sandbox cloud at (\S+?):? /.exec(line)?.[1];
    if (found.url && found.keystone) break;
  }
  if (!found.url) throw new Error('The gateway ended without saying where it is: run `npm run build` first');
  child.stdout.resume();
  return { ...found, stop: () => child.kill() };
}

/** Signs in at Keystone as docs/frontends.md says: a token of the sandbox's demo user. */
export async function signIn(keystone) {
  const response = await fetch(`${keystone}/auth/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      auth: {
        identity: {
          methods: ['password'],
          password: { user: { name: 'demo', domain: { name: 'Default' }, password: 'secret' } },
        },
        scope: { project: { name: 'demo', domain: { name: 'Default' } } },
      },
    }),
  });
  const token = response.headers.get('x-subject-token');
  if (!token) throw new Error(`Keystone answered ${response.status}: ${await response.text()}`);
  return token;
}
