import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseUrl } from '../../url.ts';
import { type EndpointChoice, formatOverride, type Interface, parseEndpoint } from '../catalog.ts';
import type { CloudSettings } from '../cloud.ts';
import { errorCode } from '../errors.ts';
import type { Credentials } from '../keystone/types.ts';
import { MANILA, NOVA, type Service } from '../services.ts';
import { type ConfigPaths, readCloudEntry } from './clouds-yaml.ts';
import { readCredentials, rejectUnsupportedAuth } from './credentials.ts';
import { createSettingsReader, envName, readEnvironment, SERVICE_KEYS, type SettingsReader } from './environment.ts';

/** The cloud that the environment selects. */
export type CloudConfig =
  | { readonly kind: 'none' }
  | { readonly kind: 'wrong'; readonly problems: readonly string[] }
  | {
      readonly kind: 'cloud';
      /** For log lines: the cloud's name in clouds.yaml, or else Keystone's URL. */
      readonly label: string;
      readonly settings: Settings;
      /** The gateway's own; null if none were given. */
      readonly credentials: Credentials | null;
    };

type Settings = Omit<CloudSettings, 'timeoutMs' | 'connections'>;

/** Settings that need a cloud. */
const CREDENTIAL_KEYS = [
  'username',
  'user_id',
  'password',
  'application_credential_id',
  'application_credential_secret',
];

/**
 * Reads which cloud to use: OS_CLOUD with clouds.yaml, or OS_AUTH_URL. Single OS_* settings take precedence over the file.
 * Reads files and makes no call. Reports every problem at once, and never a secret.
 */
export function readCloudConfig(env: NodeJS.ProcessEnv, paths: ConfigPaths): CloudConfig {
  const name = env.OS_CLOUD;
  const fromEnv = readEnvironment(env);
  if (!name && fromEnv.auth_url === undefined) {
    const credential = CREDENTIAL_KEYS.find((key) => fromEnv[key] !== undefined);
    if (credential === undefined) return { kind: 'none' };
    return { kind: 'wrong', problems: [`OS_AUTH_URL or OS_CLOUD: expected with ${envName(credential)}, got neither`] };
  }
  const file = name ? readCloudEntry(name, env, paths) : { entry: {}, problems: [] };
  if (!file.entry) return { kind: 'wrong', problems: file.problems };
  const reader = createSettingsReader(fromEnv, file.entry, name);
  const settings = readSettings(reader, paths);
  rejectUnsupported(reader);
  const credentials = readCredentials(reader);
  if (reader.problems.length > 0) return { kind: 'wrong', problems: reader.problems };
  return { kind: 'cloud', label: name || settings.authUrl, settings, credentials };
}

function readSettings(reader: SettingsReader, paths: ConfigPaths): Settings {
  const authUrl = readUrl(reader, 'auth_url');
  if (authUrl === undefined && reader.raw('auth_url') === undefined) {
    reader.problems.push(`${reader.nameOf('auth_url')}: expected Keystone's address, got nothing`);
  }
  if (authUrl && /\/v2\.0\/?$/.test(authUrl)) {
    reader.problems.push(`${reader.nameOf('auth_url')}: expected Keystone's API v3, got ${authUrl}`);
  }
  const nova = readOverride(reader, NOVA);
  const manila = readOverride(reader, MANILA);
  const services = readServiceChoices(reader);
  const tls = readTls(reader, paths);
  return {
    authUrl: authUrl ?? '',
    region: reader.get('region_name') ?? null,
    interface: readInterface(reader, ['endpoint_type', 'interface']) ?? 'public',
    ...(Object.keys(services).length > 0 && { services }),
    ...tls,
    endpointOverrides: { ...(nova && { nova }), ...(manila && { manila }) },
  };
}

/** A service's region and interface, where they differ from the cloud's. */
function readServiceChoices(reader: SettingsReader): NonNullable<Settings['services']> {
  const choices = Object.entries(SERVICE_KEYS).map(([service, names]): [string, Partial<EndpointChoice>] => {
    const region = reader.first(...names.map((name) => `${name}_region_name`));
    const keys = names.flatMap((name) => [`${name}_endpoint_type`, `${name}_interface`]);
    const choice = readInterface(reader, keys);
    return [service, { ...(region && { region }), ...(choice && { interface: choice }) }];
  });
  return Object.fromEntries(choices.filter(([, choice]) => Object.keys(choice).length > 0));
}

/** The override of a service, by any of its names, with keystoneauth's placeholders. */
function readOverride(reader: SettingsReader, service: Service): string | undefined {
  const names = SERVICE_KEYS[service.name as keyof typeof SERVICE_KEYS];
  const keys = [...names.map((name) => `${name}_endpoint_override`), ...names.map((name) => `${name}_endpoint`)];
  const key = keys.find((candidate) => reader.get(candidate) !== undefined);
  if (key === undefined) return undefined;
  const url = readUrl(reader, key);
  if (url === undefined) return undefined;
  const unknown = /%(?!%|\((?:project_id|user_id)\)s)(?:\(\w*\)s?)?/.exec(url.replaceAll('%%', ''));
  if (unknown) {
    reader.problems.push(
      `${reader.nameOf(key)}: expected %(project_id)s or %(user_id)s (and %% for %), got ${JSON.stringify(unknown[0])}`,
    );
    return undefined;
  }
  const id = '0'.repeat(32);
  if (parseEndpoint(formatOverride(url, { projectId: id, userId: id }), service)) return url;
  const versions = service.versions.join(' or ');
  reader.problems.push(`${reader.nameOf(key)}: expected a URL that ends in ${versions} or in no version, got ${url}`);
  return undefined;
}

function readUrl(reader: SettingsReader, key: string): string | undefined {
  const given = readFormatted(reader, key);
  if (given === undefined) return undefined;
  const url = parseUrl(given);
  if (url && /^https?:$/.test(url.protocol) && !url.username && !url.password && !url.search) return given.trim();
  const shown = url?.password ? 'one with a password in it' : JSON.stringify(given);
  reader.problems.push(`${reader.nameOf(key)}: expected http://… or https://…, got ${shown}`);
  return undefined;
}

/** Replaces `{region_name}` and other settings in a value, as openstacksdk does (loader.py, str.format). */
function readFormatted(reader: SettingsReader, key: string): string | undefined {
  const given = reader.get(key);
  return given?.replace(/\{\{|\}\}|\{(\w*)\}|[{}]/g, (match, name: string | undefined) => {
    if (match === '{{' || match === '}}') return match.charAt(0);
    const value = name && name !== 'password' ? reader.get(name) : undefined;
    if (value !== undefined) return value;
    reader.problems.push(`${reader.nameOf(key)}: expected the name of a setting in braces, got ${match}`);
    return '';
  });
}

/** The first of the keys that is set: an interface, or in clouds.yaml a list of them, preferred first. */
function readInterface(reader: SettingsReader, keys: readonly string[]): EndpointChoice['interface'] | undefined {
  const key = keys.find((candidate) => (reader.raw(candidate) ?? '') !== '');
  if (key === undefined) return undefined;
  const given = reader.raw(key);
  const names = (Array.isArray(given) ? given : [given]).map((one) => String(one).replace(/URL$/, ''));
  if (names.length > 0 && names.every(isInterface)) return Array.isArray(given) ? names : names[0];
  reader.problems.push(
    `${reader.nameOf(key)}: expected public, internal or admin${Array.isArray(given) ? ', or a list of them' : ''}, got ${JSON.stringify(given)}`,
  );
  return undefined;
}

function isInterface(name: string): name is Interface {
  return name === 'public' || name === 'internal' || name === 'admin';
}

function readTls(reader: SettingsReader, paths: ConfigPaths): Pick<Settings, 'caCert' | 'clientCert' | 'insecure'> {
  const insecure = readFlag(reader, 'insecure') ?? false;
  // requests takes a path for `verify` as well
  const isVerifyPath = typeof reader.raw('verify') === 'string' && !isFlag(reader.get('verify') ?? '');
  const verify = isVerifyPath || (readFlag(reader, 'verify') ?? true);
  const caCert = readPem(reader, reader.raw('cacert') === undefined && isVerifyPath ? 'verify' : 'cacert', paths);
  const cert = readPem(reader, 'cert', paths);
  // the certificate's file may contain the key
  const key = reader.raw('key') === undefined ? cert : readPem(reader, 'key', paths);
  if (reader.raw('key') !== undefined && reader.raw('cert') === undefined) {
    reader.problems.push(`${reader.nameOf('cert')}: expected with ${reader.nameOf('key')}, got nothing`);
  }
  return {
    ...(caCert === undefined ? {} : { caCert }),
    ...(cert === undefined || key === undefined ? {} : { clientCert: { cert, key } }),
    insecure: insecure || !verify,
  };
}

function isFlag(text: string): boolean {
  return /^(true|1|yes|on|false|0|no|off)$/i.test(text);
}

function readFlag(reader: SettingsReader, key: string): boolean | undefined {
  const value = reader.raw(key);
  if (typeof value === 'boolean') return value;
  const given = reader.get(key);
  if (given === undefined) return undefined;
  if (!isFlag(given)) {
    reader.problems.push(`${reader.nameOf(key)}: expected true or false, got ${JSON.stringify(given)}`);
  }
  return /^(true|1|yes|on)$/i.test(given);
}

/** The content of a PEM file. */
function readPem(reader: SettingsReader, key: string, { cwd, home }: ConfigPaths): string | undefined {
  const given = readFormatted(reader, key);
  if (given === undefined) return undefined;
  const path = resolve(cwd, given.replace(/^~(?=\/)/, home));
  try {
    const pem = readFileSync(path, 'utf8');
    if (pem.includes('-----BEGIN ')) return pem;
    reader.problems.push(`${reader.nameOf(key)}: expected PEM in ${path}, got something else`);
  } catch (error) {
    reader.problems.push(
      `${reader.nameOf(key)}: expected ${path} to be readable, got ${errorCode(error) ?? 'an error'}`,
    );
  }
  return undefined;
}

/** Settings that would change where requests go and are not supported. */
function rejectUnsupported(reader: SettingsReader): void {
  for (const name of Object.values(SERVICE_KEYS).flat()) {
    for (const key of [`${name}_service_type`, `${name}_service_name`]) {
      if (reader.keys.includes(key)) reader.problems.push(`${reader.nameOf(key)}: not supported`);
    }
  }
  const version = reader.get('identity_api_version');
  if (version !== undefined && !/^v?3(\.\d+)?$/.test(version)) {
    reader.problems.push(`${reader.nameOf('identity_api_version')}: expected 3, got ${JSON.stringify(version)}`);
  }
  rejectUnsupportedAuth(reader);
}
