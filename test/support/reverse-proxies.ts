import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { needPrograms } from './debian.ts';
import { freePort } from './redis.ts';
import { until } from './until.ts';

const NGINX = '/usr/sbin/nginx';
const HAPROXY = '/usr/sbin/haproxy';

/** The host in the examples of deploy/. */
export const HOST = 'cloud.example';

/** A reverse proxy that runs with the example of deploy/; only addresses and paths are replaced. */
export interface ReverseProxy {
  readonly port: number;
  /** The certificate, which signed itself. */
  readonly ca: string;
  /** What it wrote. */
  output(): string;
  close(): Promise<void>;
}

interface Setup {
  readonly directory: string;
  readonly port: number;
  readonly gateways: readonly [number, number];
}

/** Starts Debian's nginx with deploy/nginx.conf in front of gateways on two ports of loopback. */
export function startNginx(gateways: readonly [number, number]): Promise<ReverseProxy> {
  return start(gateways, (setup) => {
    const site = exampleOf('deploy/nginx.conf', setup, {
      'listen 443 ssl': `listen 127.0.0.1:${setup.port} ssl`,
      '/etc/nginx/tls/cloud.example.crt': join(setup.directory, 'tls.crt'),
      '/etc/nginx/tls/cloud.example.key': join(setup.directory, 'tls.key'),
    });
    writeFileSync(join(setup.directory, 'site.conf'), site);
    writeFileSync(join(setup.directory, 'nginx.conf'), nginxAround(setup.directory));
    return [NGINX, '-p', setup.directory, '-e', 'stderr', '-c', join(setup.directory, 'nginx.conf')];
  });
}

/** Starts Debian's HAProxy with deploy/haproxy.cfg in front of gateways on two ports of loopback. */
export function startHaproxy(gateways: readonly [number, number]): Promise<ReverseProxy> {
  return start(gateways, (setup) => {
    const { directory } = setup;
    const config = exampleOf('deploy/haproxy.cfg', setup, {
      'bind :443': `bind 127.0.0.1:${setup.port}`,
      '/etc/haproxy/cloud.example.pem': join(directory, 'tls.pem'),
    });
    writeFileSync(join(directory, 'haproxy.cfg'), config);
    const pem = ['tls.crt', 'tls.key'].map((name) => readFileSync(join(directory, name), 'utf8')).join('');
    writeFileSync(join(directory, 'tls.pem'), pem);
    return [HAPROXY, '-db', '-f', join(directory, 'haproxy.cfg')];
  });
}

/** The example with other addresses and paths; throws when it does not contain one of those that are replaced. */
function exampleOf(file: string, { gateways }: Setup, replaced: Record<string, string>): string {
  const [first, second] = gateways.map((port) => `127.0.0.1:${port}`);
  const all = { ...replaced, '127.0.0.1:4000': `${first}`, '127.0.0.1:4001': `${second}` };
  return Object.entries(all).reduce(
    (text, [from, to]) => {
      if (!text.includes(from)) throw new Error(`${file}: expected ${from}`);
      return text.replaceAll(from, to);
    },
    readFileSync(file, 'utf8'),
  );
}

function nginxAround(directory: string): string {
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `${process.getuid?.() === 0 ? 'user root;' : ''}
daemon off;
worker_processes 1;
pid ${directory}/nginx.pid;
error_log stderr warn;
events { worker_connections 1024; }
http {
  access_log off;
${paths.map((name) => `  ${name}_temp_path ${directory}/${name};`).join('\n')}
  include ${directory}/site.conf;
}
`;
}

async function start(
  gateways: readonly [number, number],
  prepare: (setup: Setup) => readonly string[],
): Promise<ReverseProxy> {
  needPrograms({ nginx: NGINX, haproxy: HAPROXY, openssl: '/usr/bin/openssl' });
  const directory = mkdtempSync(join(tmpdir(), 'test-proxy-'));
  mkdirSync(join(directory, 'logs'));
  const port = await freePort();
  const ca = makeCertificate(directory);
  const [program = '', ...args] = prepare({ directory, port, gateways });
  const child = spawn(program, args, { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = outputOf(child);
  // a test run that dies must not leave its proxy behind
  const end = () => void child.kill('SIGTERM');
  process.once('exit', end);
  const exited = once(child, 'exit').finally(() => process.off('exit', end));
  await until(async () => {
    if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}: ${output()}`);
    return await accepts(port);
  });
  return {
    ...{ port, ca, output },
    async close() {
      child.kill('SIGTERM');
      await exited;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function outputOf(child: ChildProcess): () => string {
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-10_000);
    });
  }
  return () => output;
}

function makeCertificate(directory: string): string {
  const files = ['-keyout', join(directory, 'tls.key'), '-out', join(directory, 'tls.crt')];
  const names = ['-subj', `/CN=${HOST}`, '-addext', `subjectAltName=DNS:${HOST}`];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'];
  execFileSync('openssl', ['req', '-x509', ...key, ...files, ...names], { stdio: 'ignore' });
  return readFileSync(join(directory, 'tls.crt'), 'utf8');
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}
