import type { Credentials, DomainReference, ScopedReference } from '../keystone/types.ts';
import type { SettingsReader } from './environment.ts';

/** Settings that show that credentials were given. */
const CREDENTIAL_KEYS = ['user_id', 'username', 'user_name', 'password', 'application_credential_secret'];

const TYPES: Readonly<Record<string, Credentials['method']>> = {
  password: 'password',
  v3password: 'password',
  v3applicationcredential: 'application_credential',
};

/** What the gateway reads of `auth`. keystoneauth rejects options that a method does not have. */
const AUTH_KEYS = new Set([
  ...['auth_url', 'user_id', 'username', 'user_name', 'password', 'user_domain_id', 'user_domain_name'],
  ...['project_id', 'project_name', 'tenant_id', 'tenant_name', 'project_domain_id', 'project_domain_name'],
  ...['domain_id', 'domain_name', 'default_domain', 'default_domain_id', 'default_domain_name'],
  ...['application_credential_id', 'application_credential_name', 'application_credential_secret'],
]);

/** Settings of other ways to sign in, which may stand beside `auth` or in the environment as well. */
const UNSUPPORTED = ['token', 'auth_token', 'system_scope', 'trust_id', 'passcode'];

/** Reports the settings of ways to sign in that are not supported. */
export function rejectUnsupportedAuth(reader: SettingsReader): void {
  const auth = Object.keys((reader.raw('auth') ?? {}) as object).filter((key) => !AUTH_KEYS.has(key));
  const keys = new Set([...auth, ...UNSUPPORTED.filter((key) => reader.keys.includes(key))]);
  for (const key of keys) {
    reader.problems.push(`${reader.nameOf(key)}: not supported: expected a password or an application credential`);
  }
}

/** Reads the credentials by keystoneauth's names; null if none are given. Problems are added to the reader, without secrets. */
export function readCredentials(reader: SettingsReader): Credentials | null {
  if (CREDENTIAL_KEYS.every((key) => reader.raw(key) === undefined)) return null;
  const type = reader.first('auth_type', 'auth_plugin');
  const guessed = reader.get('application_credential_secret') === undefined ? 'password' : 'application_credential';
  const method = type === undefined ? guessed : TYPES[type.toLowerCase()];
  if (method === 'password') return readPassword(reader);
  if (method === 'application_credential') return readApplicationCredential(reader);
  reader.problems.push(
    `${reader.nameOf('auth_type')}: expected ${Object.keys(TYPES).join(', ')}, got ${JSON.stringify(type)}`,
  );
  return null;
}

function readPassword(reader: SettingsReader): Credentials | null {
  const user = readUser(reader);
  const password = need(reader, 'password', "the user's password");
  const project = readProject(reader);
  return user && password && project ? { method: 'password', user, password, project } : null;
}

function readApplicationCredential(reader: SettingsReader): Credentials | null {
  const secret = need(reader, 'application_credential_secret', "the application credential's secret");
  const id = reader.get('application_credential_id');
  if (id !== undefined) return secret ? { method: 'application_credential', application: { id }, secret } : null;
  const name = need(reader, 'application_credential_name', 'a name, or OS_APPLICATION_CREDENTIAL_ID');
  const user = readUser(reader);
  return name && user && secret ? { method: 'application_credential', application: { name, user }, secret } : null;
}

function readUser(reader: SettingsReader): ScopedReference | null {
  const id = reader.get('user_id');
  if (id !== undefined) return { id };
  const name = reader.first('username', 'user_name') ?? need(reader, 'username', 'a user, or OS_USER_ID');
  const domain = readDomain(reader, 'user_domain');
  return name && domain ? { name, domain } : null;
}

function readProject(reader: SettingsReader): ScopedReference | null {
  const id = reader.first('project_id', 'tenant_id');
  if (id !== undefined) return { id };
  const name =
    reader.first('project_name', 'tenant_name') ?? need(reader, 'project_name', 'a project, or OS_PROJECT_ID');
  const domain = name === null ? null : readDomain(reader, 'project_domain');
  return name && domain ? { name, domain } : null;
}

/** The kind's own domain, or else the domain of both, or else the default domain, as keystoneauth resolves them. */
function readDomain(reader: SettingsReader, kind: 'user_domain' | 'project_domain'): DomainReference | null {
  const id = reader.get(`${kind}_id`);
  if (id !== undefined) return { id };
  const name = reader.get(`${kind}_name`);
  if (name !== undefined) return { name };
  const domainId = reader.get('domain_id');
  if (domainId !== undefined) return { id: domainId };
  const domainName = reader.get('domain_name');
  if (domainName !== undefined) return { name: domainName };
  const defaultId = reader.first('default_domain_id', 'default_domain');
  if (defaultId !== undefined) return { id: defaultId };
  const defaultName =
    reader.get('default_domain_name') ?? need(reader, `${kind}_name`, 'a domain, or OS_DEFAULT_DOMAIN');
  return defaultName === null ? null : { name: defaultName };
}

function need(reader: SettingsReader, key: string, expected: string): string | null {
  const given = reader.get(key);
  if (given === undefined && (reader.raw(key) ?? '') === '')
    reader.problems.push(`${reader.nameOf(key)}: expected ${expected}, got nothing`);
  return given ?? null;
}
