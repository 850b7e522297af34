import { ConfigError } from '../config.ts';

/** What is wrong with an address that a process cannot listen on, by Node's error code. */
const REASONS: Readonly<Record<string, { setting: 'HOST' | 'PORT'; reason: string }>> = {
  EADDRINUSE: { setting: 'PORT', reason: 'another process listens on it' },
  EACCES: { setting: 'PORT', reason: 'this user may not listen on it' },
  EADDRNOTAVAIL: { setting: 'HOST', reason: 'it is not an address of this host' },
  ENOTFOUND: { setting: 'HOST', reason: 'the name is not known' },
  EAI_AGAIN: { setting: 'HOST', reason: 'the name cannot be resolved now' },
};

/** Turns an error of listening into a ConfigError that names the setting: `PORT`, or `METRICS_PORT` with `METRICS`. */
export async function namingSetting<T>(
  listening: Promise<T>,
  prefix: '' | 'METRICS',
  { host, port }: { host: string; port: number | null | undefined },
): Promise<T> {
  try {
    return await listening;
  } catch (error) {
    const known = REASONS[String((error as NodeJS.ErrnoException).code)];
    if (!known) throw error;
    const name = [prefix, known.setting].filter(Boolean).join('_');
    const value = known.setting === 'PORT' ? `${host}:${port}` : JSON.stringify(host);
    throw new ConfigError([`${name}: cannot listen on ${value}, ${known.reason}`]);
  }
}
