import type { Credentials, DomainReference, ScopedReference } from '../keystone/types.ts';
import type { SettingsReader } from './settings-reader.ts';

/** What shows that credentials were meant to be given. */
const CREDENTIAL_KEYS = [
  'user_id',
  'username',
  'user_name',
  'password',
  'application_credential_secret',
  'system_scope',
  'token',
];

const TYPES: Readonly<Record<string, Credentials['method']>> = {
  password: 'password',
  v3password: 'password',
  v3applicationcredential: 'application_credential',
};

/** Reads the credentials by keystoneauth's names; null when none are given. Problems go into the reading, secrets never. */
export function readCredentials(reading: SettingsReader): Credentials | null {
  if (CREDENTIAL_KEYS.every((key) => reading.get(key) === undefined)) return null;
  const type = reading.get('auth_type');
  const guessed = reading.get('application_credential_secret') === undefined ? 'password' : 'application_credential';
  const method = type === undefined ? guessed : TYPES[type.toLowerCase()];
  if (method === 'password') return readPassword(reading);
  if (method === 'application_credential') return readApplicationCredential(reading);
  reading.problems.push(
    `${reading.nameOf('auth_type')}: expected ${Object.keys(TYPES).join(', ')}, got ${JSON.stringify(type)}`,
  );
  return null;
}

function readPassword(reading: SettingsReader): Credentials | null {
  const user = readUser(reading);
  const password = need(reading, 'password', "the user's password");
  const project = readProject(reading);
  return user && password && project ? { method: 'password', user, password, project } : null;
}

function readApplicationCredential(reading: SettingsReader): Credentials | null {
  const secret = need(reading, 'application_credential_secret', "the application credential's secret");
  const id = reading.get('application_credential_id');
  if (id !== undefined) return secret ? { method: 'application_credential', application: { id }, secret } : null;
  const name = need(reading, 'application_credential_name', 'a name, or OS_APPLICATION_CREDENTIAL_ID');
  const user = readUser(reading);
  return name && user && secret ? { method: 'application_credential', application: { name, user }, secret } : null;
}

function readUser(reading: SettingsReader): ScopedReference | null {
  const id = reading.get('user_id');
  if (id !== undefined) return { id };
  const name = reading.first('username', 'user_name') ?? need(reading, 'username', 'a user, or OS_USER_ID');
  const domain = readDomain(reading, 'user_domain');
  return name && domain ? { name, domain } : null;
}

function readProject(reading: SettingsReader): ScopedReference | null {
  const id = reading.first('project_id', 'tenant_id');
  if (id !== undefined) return { id };
  const name =
    reading.first('project_name', 'tenant_name') ?? need(reading, 'project_name', 'a project, or OS_PROJECT_ID');
  const domain = name === null ? null : readDomain(reading, 'project_domain');
  return name && domain ? { name, domain } : null;
}

/** A domain of its own, else the one for all, else the default: an id, as openstacksdk takes it. */
function readDomain(reading: SettingsReader, kind: 'user_domain' | 'project_domain'): DomainReference | null {
  const id = reading.get(`${kind}_id`);
  if (id !== undefined) return { id };
  const name = reading.get(`${kind}_name`);
  if (name !== undefined) return { name };
  const all = reading.first('domain_id', 'default_domain');
  if (all !== undefined) return { id: all };
  const domain = reading.get('domain_name') ?? need(reading, `${kind}_name`, 'a domain, or OS_DEFAULT_DOMAIN');
  return domain === null ? null : { name: domain };
}

function need(reading: SettingsReader, key: string, expected: string): string | null {
  const given = reading.get(key);
  if (given === undefined) reading.problems.push(`${reading.nameOf(key)}: expected ${expected}, got nothing`);
  return given ?? null;
}
