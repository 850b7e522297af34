/** The process: reads the settings, chooses the cloud, starts the app, prints the banner, and stops on a signal. */
import { homedir } from 'node:os';
import type { Logger } from 'pino';
import { type App, type CloudChoice, createApp } from './app.ts';
import { type Config, ConfigError, readConfig } from './config.ts';
import { GatewayError } from './errors.ts';
import { createLog } from './logging.ts';
import { readCloudConfig } from './openstack/config/cloud-config.ts';
import type { Sandbox } from './sandbox/index.ts';

interface ChosenCloud {
  choice: CloudChoice;
  label: string;
  sandbox: Sandbox | null;
}

/** The cloud that the environment names, or else the sandbox, except in production. Throws a ConfigError. */
async function chooseCloud(config: Config, env: NodeJS.ProcessEnv, log: Logger): Promise<ChosenCloud> {
  const cloud = readCloudConfig(env, { cwd: process.cwd(), home: homedir() });
  if (cloud.kind === 'wrong') throw new ConfigError(cloud.problems);
  if (cloud.kind === 'cloud') {
    const { settings, credentials, label } = cloud;
    return { choice: { settings, credentials, sandbox: null }, label, sandbox: null };
  }
  if (config.isProduction) {
    throw new ConfigError(['OS_CLOUD or OS_AUTH_URL: expected with NODE_ENV=production, where no sandbox starts']);
  }
  if (config.REDIS_URL && !config.SANDBOX_REDIS) {
    throw new ConfigError([
      'OS_CLOUD or OS_AUTH_URL: expected with REDIS_URL. The sandbox cloud uses Redis only with SANDBOX_REDIS=true',
    ]);
  }
  const { DEMO, startSandbox } = await import('./sandbox/index.ts');
  const sandbox = await startSandbox({ port: config.SANDBOX_PORT, log });
  return { choice: sandboxChoice(sandbox, DEMO), label: 'sandbox', sandbox };
}

function sandboxChoice(
  sandbox: Sandbox,
  demo: Record<'serverId' | 'shutoffServerId' | 'nfsShareId', string>,
): CloudChoice {
  const inDefaultDomain = (name: string) => ({ name, domain: { name: 'Default' } });
  return {
    settings: { authUrl: sandbox.authUrl, region: null, interface: 'public', endpointOverrides: {} },
    credentials: {
      method: 'password',
      user: inDefaultDomain('gateway'),
      password: 'secret',
      project: inDefaultDomain('service'),
    },
    sandbox: {
      token: () => sandbox.issueToken('demo'),
      serverId: demo.serverId,
      stoppedServerId: demo.shutoffServerId,
      shareId: demo.nfsShareId,
    },
  };
}

/** Where to open the gateway and how to sign in. Plain lines, not log entries: they are for the person at the terminal. */
function printBanner(address: string, config: Config, { sandbox, label }: ChosenCloud): string {
  const lines = [...(config.CONSOLE ? [`Console: ${address}/`] : []), `GraphiQL and GraphQL: ${address}/graphql`];
  if (sandbox) {
    lines.push(
      `Sandbox cloud at ${sandbox.authUrl}: nothing in it is real.`,
      'Sign in as demo, reader, other or admin with the password "secret".',
      `A token of demo: ${sandbox.issueToken('demo')}`,
      'For a real cloud set OS_CLOUD (clouds.yaml) or OS_AUTH_URL and the other OS_* names.',
    );
  } else {
    lines.push(`Cloud: ${label}. Sign in with a Keystone token in X-Auth-Token.`);
  }
  if (!config.REDIS_URL) {
    lines.push(
      'Attachments are kept in this process, and read back from Manila after a restart.',
      'Set REDIS_URL to keep them across restarts, and to run more than one gateway.',
    );
  }
  return `\n${lines.map((line) => `  ${line}`).join('\n')}\n\n`;
}

/** `SIGHUP`: reads the trusted documents again. */
function reloadOnSignal(app: App, log: Logger): void {
  process.on('SIGHUP', () => {
    try {
      app.reload();
      log.warn('the trusted documents were read again');
    } catch (error) {
      log.error(
        { reason: (error as Error).message },
        'the trusted documents are as they were: they cannot be read again',
      );
    }
  });
}

/** Stops the app on the first signal; a second signal ends the process at once. */
function stopOnSignal(app: App, chosen: ChosenCloud, log: Logger): void {
  let isStopping = false;
  const stop = async (signal: NodeJS.Signals) => {
    if (isStopping) process.exit(1);
    isStopping = true;
    log.info({ signal }, 'stopping');
    // Ctrl-C: no load balancer waits
    if (signal === 'SIGTERM') await app.drain();
    await app.close();
    await chosen.sandbox?.close();
    log.info('stopped');
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      stop(signal).catch((error: unknown) => {
        log.error({ err: error }, 'stopping failed');
        process.exit(1);
      });
    });
  }
}

/**
 * Logs an unhandled rejection and lets the process go on: graphql-js 16 leaves one behind when an item of a list rejects
 * after a later one threw (completeListValue), which happens when an upstream leaves out two fields; the client has the
 * error in its response. After an uncaught exception the process ends, since the state that it leaves is unknown.
 */
function handleUncaughtErrors(log: Logger): void {
  process.on('unhandledRejection', (reason) => log.error({ err: reason }, 'unhandled rejection'));
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'uncaught exception: the process ends');
    log.flush();
    process.exit(1);
  });
}

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const log = createLog(config.LOG_LEVEL, 1, config.LOG_FORMAT);
  handleUncaughtErrors(log);
  const chosen = await chooseCloud(config, process.env, log);
  const app = await createApp(config, chosen.choice, log);
  stopOnSignal(app, chosen, log);
  reloadOnSignal(app, log);
  process.stdout.write(printBanner(await app.listen(), config, chosen));
}

/** Runs the gateway until a signal. What an operator can cause ends it with a message, any other error with its stack. */
export function run(): void {
  main().catch((error: unknown) => {
    const isExpected = error instanceof ConfigError || error instanceof GatewayError;
    process.stderr.write(`${isExpected ? error.message : String((error as Error).stack ?? error)}\n`);
    process.exit(1);
  });
}
