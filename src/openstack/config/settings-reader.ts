import type { CloudEntry } from './clouds-yaml.ts';

/** Reads settings by their clouds.yaml name, collects what is wrong, and knows how each is called where it was set. */
export interface SettingsReader {
  get(key: string): string | undefined;
  /** The first of the keys that is set. */
  first(...keys: string[]): string | undefined;
  /** What a problem calls the setting. */
  nameOf(key: string): string;
  readonly problems: string[];
}

/** Settings that say the same thing: one from the environment hides all of its row in the file. */
const ROWS = [
  ['user_id', 'username', 'user_name'],
  ['project_id', 'project_name', 'tenant_id', 'tenant_name'],
  ['user_domain_id', 'user_domain_name'],
  ['project_domain_id', 'project_domain_name'],
  ['application_credential_id', 'application_credential_name'],
  ['interface', 'endpoint_type'],
  ['insecure', 'verify'],
  ['compute_endpoint_override'],
  ['shared_file_system_endpoint_override', 'sharev2_endpoint_override'],
  ...['auth_url', 'auth_type', 'password', 'application_credential_secret', 'token', 'system_scope'].map((key) => [
    key,
  ]),
  ...['domain_id', 'domain_name', 'default_domain', 'region_name', 'cacert'].map((key) => [key]),
];

/** What the environment sets, by clouds.yaml names. An empty value counts as not set. */
export function readEnvironment(env: NodeJS.ProcessEnv): CloudEntry {
  const keys = ROWS.flat().filter((key) => env[envName(key)]);
  return Object.fromEntries(keys.map((key) => [key, env[envName(key)] ?? '']));
}

/** `auth_url` -> `OS_AUTH_URL`. */
export function envName(key: string): string {
  return `OS_${key.toUpperCase()}`;
}

/** Lays the environment over the file. `name` is the cloud's, where there is a file. */
export function createSettingsReader(
  fromEnv: CloudEntry,
  fromFile: CloudEntry,
  name: string | undefined,
): SettingsReader {
  const hidden = ROWS.filter((row) => row.some((key) => key in fromEnv)).flat();
  const get = (key: string) => fromEnv[key] ?? (hidden.includes(key) ? undefined : fromFile[key]);
  return {
    get,
    first: (...keys) => keys.map(get).find((value) => value !== undefined),
    nameOf: (key) => (name && !(key in fromEnv) ? `${key} of cloud ${name} (or ${envName(key)})` : envName(key)),
    problems: [],
  };
}
