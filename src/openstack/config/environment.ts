import type { CloudEntry } from './clouds-yaml.ts';
import { UnsupportedScalar } from './yaml.ts';

/** Reads settings by their names in clouds.yaml and collects problems. The environment takes precedence over the file. */
export interface SettingsReader {
  /** The setting as text; undefined if it is not set or empty. Anything but text is a problem. */
  get(key: string): string | undefined;
  /** The setting as it was given, of any type. */
  raw(key: string): unknown;
  /** The first of the keys that is set, as text. */
  first(...keys: string[]): string | undefined;
  /** The setting's name in a message. */
  nameOf(key: string): string;
  /** All keys that are set. */
  readonly keys: readonly string[];
  readonly problems: string[];
}

/** A service's names in settings, preferred first (os-service-types). */
export const SERVICE_KEYS = {
  nova: ['compute'],
  manila: ['shared_file_system', 'sharev2', 'share'],
} as const;

const ofServices = (...suffixes: string[]) =>
  Object.values(SERVICE_KEYS).map((names) => names.flatMap((name) => suffixes.map((suffix) => `${name}_${suffix}`)));

/** Settings that exclude each other: if the environment sets one of a row, the file's settings of that row are ignored. */
const ROWS = [
  ['user_id', 'username', 'user_name'],
  ['project_id', 'project_name', 'tenant_id', 'tenant_name'],
  ['user_domain_id', 'user_domain_name'],
  ['project_domain_id', 'project_domain_name'],
  ['default_domain', 'default_domain_id', 'default_domain_name'],
  ['application_credential_id', 'application_credential_name'],
  ['auth_type', 'auth_plugin'],
  ['token', 'auth_token'],
  ['interface', 'endpoint_type'],
  ['insecure', 'verify'],
  ['cert', 'key'],
  ...ofServices('endpoint_override', 'endpoint'),
  ...ofServices('interface', 'endpoint_type'),
  ...ofServices('region_name'),
  ...ofServices('service_type'),
  ...ofServices('service_name'),
  ...['auth_url', 'password', 'application_credential_secret', 'system_scope', 'trust_id'].map((key) => [key]),
  ...['domain_id', 'domain_name', 'region_name', 'cacert', 'identity_api_version'].map((key) => [key]),
];

/** The settings in the environment, by their names in clouds.yaml. An empty value counts as not set. */
export function readEnvironment(env: NodeJS.ProcessEnv): CloudEntry {
  const keys = ROWS.flat().filter((key) => env[envName(key)]);
  return Object.fromEntries(keys.map((key) => [key, env[envName(key)] ?? '']));
}

/** `auth_url` -> `OS_AUTH_URL`. */
export function envName(key: string): string {
  return `OS_${key.toUpperCase()}`;
}

/** Reads the environment, and a file's entry below it. `name` is the cloud's, if there is a file. */
export function createSettingsReader(
  fromEnv: CloudEntry,
  fromFile: CloudEntry,
  name: string | undefined,
): SettingsReader {
  const hidden = new Set(ROWS.filter((row) => row.some((key) => key in fromEnv)).flat());
  const problems: string[] = [];
  const raw = (key: string) => fromEnv[key] ?? (hidden.has(key) ? undefined : fromFile[key]) ?? undefined;
  const nameOf = (key: string) =>
    name && !(key in fromEnv) ? `${key} of cloud ${name} (or ${envName(key)})` : envName(key);
  const get = (key: string) => {
    const value = raw(key);
    if (value === undefined || value === '') return undefined;
    if (typeof value === 'string') return value;
    const problem = `${nameOf(key)}: expected text, got ${kindOf(value)}`;
    if (!problems.includes(problem)) problems.push(problem);
    return undefined;
  };
  return {
    get,
    raw,
    first: (...keys) => keys.map(get).find((value) => value !== undefined),
    nameOf,
    keys: [...Object.keys(fromEnv), ...Object.keys(fromFile).filter((key) => !hidden.has(key))].filter(
      (key) => (raw(key) ?? '') !== '',
    ),
    problems,
  };
}

/** What a value is, without the value: it may be a secret. */
function kindOf(value: unknown): string {
  if (value instanceof UnsupportedScalar) return `${value.kind}: put it in quotes`;
  if (typeof value === 'boolean')
    return 'a boolean, as which YAML reads yes, no, on, off, true and false: put it in quotes';
  return Array.isArray(value) ? 'a list' : 'a mapping';
}
