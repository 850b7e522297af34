import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { CloudSettings } from '../cloud.ts';
import { errorCode } from '../errors.ts';
import type { Credentials } from '../keystone/types.ts';
import { type ConfigPaths, readCloudEntry } from './clouds-yaml.ts';
import { readCredentials } from './credentials.ts';
import { createSettingsReader, envName, readEnvironment, type SettingsReader } from './settings-reader.ts';

/** Which cloud the environment names. */
export type CloudConfig =
  | { readonly kind: 'none' }
  | { readonly kind: 'wrong'; readonly problems: readonly string[] }
  | {
      readonly kind: 'cloud';
      /** For a log line: the cloud's name in clouds.yaml, else Keystone's address. */
      readonly label: string;
      readonly settings: Omit<CloudSettings, 'timeoutMs' | 'connections'>;
      /** The gateway's own; null when none were given. */
      readonly credentials: Credentials | null;
    };

/** What makes no sense without a cloud. */
const CREDENTIAL_KEYS = [
  'username',
  'user_id',
  'password',
  'application_credential_id',
  'application_credential_secret',
];

/**
 * Reads which cloud to use: OS_CLOUD with clouds.yaml, or OS_AUTH_URL; single OS_* settings win over the file. Reads
 * files, makes no call. Tells every problem at once, and never a secret.
 */
export function readCloudConfig(env: NodeJS.ProcessEnv, place: ConfigPaths): CloudConfig {
  const name = env.OS_CLOUD;
  const fromEnv = readEnvironment(env);
  if (!name && fromEnv.auth_url === undefined) {
    const sign = CREDENTIAL_KEYS.find((key) => fromEnv[key] !== undefined);
    if (sign === undefined) return { kind: 'none' };
    return { kind: 'wrong', problems: [`OS_AUTH_URL or OS_CLOUD: expected with ${envName(sign)}, got neither`] };
  }
  const file = name ? readCloudEntry(name, env, place) : { entry: {}, problems: [] };
  if (!file.entry) return { kind: 'wrong', problems: file.problems };
  const reading = createSettingsReader(fromEnv, file.entry, name);
  const settings = readSettings(reading, place);
  const credentials = readCredentials(reading);
  if (reading.problems.length > 0) return { kind: 'wrong', problems: reading.problems };
  return { kind: 'cloud', label: name || settings.authUrl, settings, credentials };
}

function readSettings(reading: SettingsReader, place: ConfigPaths): Omit<CloudSettings, 'timeoutMs' | 'connections'> {
  const authUrl = readUrl(reading, 'auth_url');
  if (authUrl === undefined && reading.get('auth_url') === undefined) {
    reading.problems.push(`${reading.nameOf('auth_url')}: expected Keystone's address, got nothing`);
  }
  if (authUrl && /\/v2\.0\/?$/.test(authUrl)) {
    reading.problems.push(`${reading.nameOf('auth_url')}: expected Keystone's API v3, got ${authUrl}`);
  }
  const nova = readUrl(reading, 'compute_endpoint_override');
  const manila =
    readUrl(reading, 'shared_file_system_endpoint_override') ?? readUrl(reading, 'sharev2_endpoint_override');
  const caCert = readCertificates(reading, place);
  return {
    authUrl: authUrl ?? '',
    region: reading.get('region_name') ?? null,
    interface: readInterface(reading),
    ...(caCert === undefined ? {} : { caCert }),
    insecure: readFlag(reading, 'insecure', false) || !readFlag(reading, 'verify', true),
    endpointOverrides: { ...(nova && { nova }), ...(manila && { manila }) },
  };
}

function readUrl(reading: SettingsReader, key: string): string | undefined {
  const given = reading.get(key);
  if (given === undefined) return undefined;
  const url = URL.canParse(given) ? new URL(given) : null;
  if (url && /^https?:$/.test(url.protocol) && !url.username && !url.password && !url.search) return given;
  const shown = url?.password ? 'one with a password in it' : JSON.stringify(given);
  reading.problems.push(`${reading.nameOf(key)}: expected http://… or https://…, got ${shown}`);
  return undefined;
}

function readInterface(reading: SettingsReader): CloudSettings['interface'] {
  const given = reading.first('interface', 'endpoint_type') ?? 'public';
  const word = given.replace(/URL$/, '');
  if (word === 'public' || word === 'internal' || word === 'admin') return word;
  const key = reading.get('interface') === undefined ? 'endpoint_type' : 'interface';
  reading.problems.push(`${reading.nameOf(key)}: expected public, internal or admin, got ${JSON.stringify(given)}`);
  return 'public';
}

function readFlag(reading: SettingsReader, key: string, preset: boolean): boolean {
  const given = reading.get(key);
  if (given === undefined) return preset;
  if (/^(true|1|yes|on)$/i.test(given)) return true;
  if (!/^(false|0|no|off)$/i.test(given)) {
    reading.problems.push(`${reading.nameOf(key)}: expected true or false, got ${JSON.stringify(given)}`);
  }
  return false;
}

function readCertificates(reading: SettingsReader, { cwd, home }: ConfigPaths): string | undefined {
  const given = reading.get('cacert');
  if (given === undefined) return undefined;
  const path = resolve(cwd, given.replace(/^~(?=\/)/, home));
  try {
    const pem = readFileSync(path, 'utf8');
    if (pem.includes('-----BEGIN ')) return pem;
    reading.problems.push(`${reading.nameOf('cacert')}: expected certificates as PEM in ${path}, got something else`);
  } catch (error) {
    reading.problems.push(
      `${reading.nameOf('cacert')}: expected ${path} to be readable, got ${errorCode(error) ?? 'an error'}`,
    );
  }
  return undefined;
}
