import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export { buildGateway } from './build.ts';

const MOST_LINES = 1000;

/** A gateway that runs as a user starts it. */
export interface GatewayProcess {
  /** The address of GraphiQL and GraphQL that it printed. */
  readonly graphiql: string;
  /** What it wrote to standard output, the latest 1,000 lines. */
  readonly lines: readonly string[];
  /** Gives its exit code once it has ended. */
  readonly ended: Promise<number | null>;
  send(signal: NodeJS.Signals): void;
  /** Stops it as a service manager does; gives its exit code. */
  stop(): Promise<number | null>;
  /** Sends SIGKILL before it returns; resolves when the process has exited. */
  kill(): Promise<void>;
}

/** The environment of a user without settings, except for free ports. */
function newcomer(): NodeJS.ProcessEnv {
  const ours = /^(OS_|REDIS_|NODE_ENV$|NODE_OPTIONS$|JEST)/;
  const rest = Object.entries(process.env).filter(([name]) => !ours.test(name));
  return {
    ...Object.fromEntries(rest),
    PORT: '0',
    METRICS_PORT: 'off',
    DRAIN_MS: '0',
    SANDBOX_PORT: '0',
    LOG_LEVEL: 'warn',
  };
}

/** The gateway as users start it: buildGateway makes it. */
const BUILT = 'dist/main.js';
/** The gateway in one file, which starts in a third of the time (scripts/bundle-gateway.mjs). */
const BUNDLED = 'node_modules/.cache/gateway/start.cjs';

/** Starts the built gateway, with no settings but those given, and waits until it says where GraphiQL is. */
export async function startGatewayProcess(
  settings: Record<string, string> = {},
  program = BUILT,
): Promise<GatewayProcess> {
  const env = { ...newcomer(), ...settings };
  // pipes of its own: a gateway that a failed test leaves behind would keep those of the test run open, which then never ends
  const child = spawn(process.execPath, [program], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  child.stderr.pipe(process.stderr);
  const exited = once(child, 'exit');
  // a test run that dies must not leave its gateways behind
  const end = () => void child.kill('SIGKILL');
  process.once('exit', end);
  child.once('exit', () => process.off('exit', end));
  const ended = exited.then(([code]) => code as number | null);
  const lines: string[] = [];
  const graphiql = await addressOf(child, lines);
  return {
    ...{ graphiql, lines, ended },
    send: (signal) => void child.kill(signal),
    async stop() {
      child.kill('SIGTERM');
      return await ended;
    },
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** Starts the gateway in one file, as resilience-setup.ts made it, in the same way. */
export async function startBundledGateway(settings: Record<string, string>): Promise<GatewayProcess> {
  return await startGatewayProcess(settings, BUNDLED);
}

type Child = ChildProcess & { stdout: NonNullable<ChildProcess['stdout']> };

/** Reads its output as long as it lives: a full pipe would block it. */
async function addressOf({ stdout }: Child, lines: string[]): Promise<string> {
  return await new Promise((resolve, reject) => {
    const reader = createInterface({ input: stdout });
    reader.on('line', (line) => {
      lines.push(line);
      if (lines.length > MOST_LINES) lines.shift();
      const address = /GraphiQL.*(http:\S+)/.exec(line)?.[1];
      if (address) resolve(address);
    });
    reader.once('close', () => reject(new Error('The gateway ended without saying where GraphiQL is')));
  });
}
