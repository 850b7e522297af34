import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type CloudConfig, readCloudConfig } from '../../src/openstack/config/cloud-config.ts';

const PASSWORD = 'hunter2-the-password';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'clouds-'));
});
afterEach(() => rmSync(root, { recursive: true }));

/** Reads with files written below a new folder, whose `cwd` and `home` are the place. */
function readWith(env: NodeJS.ProcessEnv, files: Record<string, string> = {}): CloudConfig {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return readCloudConfig(env, { cwd: join(root, 'cwd'), home: join(root, 'home') });
}

function problemsWith(env: NodeJS.ProcessEnv, files?: Record<string, string>): readonly string[] {
  const config = readWith(env, files);
  return config.kind === 'wrong' ? config.problems : [];
}

const RC = {
  OS_AUTH_URL: 'https://keystone.example.org:5000',
  OS_USERNAME: 'gateway',
  OS_PASSWORD: PASSWORD,
  OS_PROJECT_NAME: 'service',
  OS_USER_DOMAIN_NAME: 'Default',
  OS_PROJECT_DOMAIN_ID: 'default',
};

const CLOUDS = `
_region: &region {region_name: North, identity_api_version: 3, interface: internal}
clouds:
  first:
    <<: *region
    auth:
      auth_url: https://keystone.example.org/v3
      username: gateway
      password: 12345
      project_name: service
      user_domain_name: Default
      project_domain_name: Default
    compute_endpoint_override: https://nova.example.org/v2.1
    sharev2_endpoint_override: https://manila.example.org/v2
    verify: false
  bare: {auth: {auth_url: https://keystone.example.org/v3}}
`;

describe('from the environment alone', () => {
  test.each([[{}], [{ OS_REGION_NAME: 'North' }], [{ OS_CLOUD: '', OS_AUTH_URL: '' }]])('%j -> no cloud', (env) => {
    expect(readWith(env)).toEqual({ kind: 'none' });
  });

  test('an rc file sourced -> the cloud with a password', () => {
    expect(readWith({ ...RC, OS_REGION_NAME: 'North', OS_INTERFACE: 'internalURL', OS_INSECURE: 'true' })).toEqual({
      kind: 'cloud',
      label: 'https://keystone.example.org:5000',
      settings: {
        authUrl: 'https://keystone.example.org:5000',
        region: 'North',
        interface: 'internal',
        insecure: true,
        endpointOverrides: {},
      },
      credentials: {
        method: 'password',
        user: { name: 'gateway', domain: { name: 'Default' } },
        password: PASSWORD,
        project: { name: 'service', domain: { id: 'default' } },
      },
    });
  });

  test('Keystone alone -> a cloud without credentials, public, in any region', () => {
    expect(readWith({ OS_AUTH_URL: RC.OS_AUTH_URL })).toMatchObject({
      kind: 'cloud',
      settings: { region: null, interface: 'public', insecure: false },
      credentials: null,
    });
  });

  test('ids, and a default domain -> references by id', () => {
    const env = { ...RC, OS_PROJECT_ID: 'p1', OS_USER_DOMAIN_NAME: '', OS_DEFAULT_DOMAIN: 'default' };
    expect(readWith(env)).toMatchObject({
      credentials: { user: { name: 'gateway', domain: { id: 'default' } }, project: { id: 'p1' } },
    });
    expect(readWith({ ...env, OS_USER_ID: 'u1' })).toMatchObject({ credentials: { user: { id: 'u1' } } });
  });

  test('an application credential by id, by name, and without its auth type -> it', () => {
    const env = { OS_AUTH_URL: RC.OS_AUTH_URL, OS_APPLICATION_CREDENTIAL_SECRET: PASSWORD };
    const byId = { method: 'application_credential', application: { id: 'a1' }, secret: PASSWORD };
    expect(
      readWith({ ...env, OS_AUTH_TYPE: 'v3applicationcredential', OS_APPLICATION_CREDENTIAL_ID: 'a1' }),
    ).toMatchObject({ credentials: byId });
    expect(readWith({ ...env, OS_APPLICATION_CREDENTIAL_ID: 'a1' })).toMatchObject({ credentials: byId });
    expect(
      readWith({ ...env, OS_APPLICATION_CREDENTIAL_NAME: 'app', OS_USERNAME: 'demo', OS_USER_DOMAIN_ID: 'default' }),
    ).toMatchObject({
      credentials: { application: { name: 'app', user: { name: 'demo', domain: { id: 'default' } } } },
    });
  });

  test('certificates to trust, from a path below home -> read', () => {
    const pem = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
    expect(readWith({ ...RC, OS_CACERT: '~/ca.pem' }, { 'home/ca.pem': pem })).toMatchObject({
      settings: { caCert: pem },
    });
  });
});

describe('from clouds.yaml', () => {
  test('a cloud with a merge key -> all of it, overrides by service, a password of digits as text', () => {
    expect(readWith({ OS_CLOUD: 'first' }, { 'cwd/clouds.yaml': CLOUDS })).toEqual({
      kind: 'cloud',
      label: 'first',
      settings: {
        authUrl: 'https://keystone.example.org/v3',
        region: 'North',
        interface: 'internal',
        insecure: true,
        endpointOverrides: { nova: 'https://nova.example.org/v2.1', manila: 'https://manila.example.org/v2' },
      },
      credentials: {
        method: 'password',
        user: { name: 'gateway', domain: { name: 'Default' } },
        password: '12345',
        project: { name: 'service', domain: { name: 'Default' } },
      },
    });
  });

  test('single settings in the environment -> win, and hide what says the same in the file', () => {
    const env = {
      OS_CLOUD: 'first',
      OS_REGION_NAME: 'South',
      OS_PROJECT_ID: 'p1',
      OS_USERNAME: 'demo',
      OS_INSECURE: '0',
    };
    expect(readWith(env, { 'cwd/clouds.yaml': CLOUDS })).toMatchObject({
      settings: { region: 'South', interface: 'internal', insecure: false },
      credentials: { user: { name: 'demo', domain: { name: 'Default' } }, project: { id: 'p1' } },
    });
  });

  test('several files -> a named one, else the working directory, else the home; the rest not read', () => {
    const cloud = (region: string) => CLOUDS.replace('region_name: North', `region_name: ${region}`);
    const region = (env: NodeJS.ProcessEnv, files: Record<string, string>) =>
      readWith({ OS_CLOUD: 'first', ...env }, files);
    const home = { 'home/.config/openstack/clouds.yaml': cloud('Home') };
    expect(region({}, home)).toMatchObject({ settings: { region: 'Home' } });
    expect(region({}, { 'cwd/clouds.yaml': cloud('Here') })).toMatchObject({ settings: { region: 'Here' } });
    const named = { OS_CLIENT_CONFIG_FILE: join(root, 'named.yaml') };
    expect(region(named, { 'named.yaml': cloud('Named') })).toMatchObject({ settings: { region: 'Named' } });
  });

  test('a secure.yaml beside it -> merged over the cloud', () => {
    const secure = `clouds: {bare: {auth: {username: demo, password: ${PASSWORD}, project_id: p1}, default_domain: default}}`;
    expect(readWith({ OS_CLOUD: 'bare' }, { 'cwd/clouds.yaml': CLOUDS, 'cwd/secure.yaml': secure })).toMatchObject({
      settings: { authUrl: 'https://keystone.example.org/v3' },
      credentials: { password: PASSWORD, project: { id: 'p1' }, user: { name: 'demo', domain: { id: 'default' } } },
    });
  });

  test('a cloud with regions -> the first of them', () => {
    const file = 'clouds: {many: {auth: {auth_url: http://k/v3}, regions: [{name: East}, West]}}';
    expect(readWith({ OS_CLOUD: 'many' }, { 'cwd/clouds.yaml': file })).toMatchObject({ settings: { region: 'East' } });
  });
});

describe('what is wrong', () => {
  test('several problems -> all are listed, with what was expected and what was given', () => {
    const env = {
      OS_AUTH_URL: 'keystone.example.org',
      OS_INTERFACE: 'outside',
      OS_INSECURE: 'perhaps',
      OS_CACERT: 'nowhere.pem',
      OS_COMPUTE_ENDPOINT_OVERRIDE: 'ftp://nova',
      OS_USERNAME: 'demo',
    };
    expect(problemsWith(env)).toEqual([
      'OS_AUTH_URL: expected http://… or https://…, got "keystone.example.org"',
      'OS_COMPUTE_ENDPOINT_OVERRIDE: expected http://… or https://…, got "ftp://nova"',
      'OS_INSECURE: expected true or false, got "perhaps"',
      `OS_CACERT: expected ${join(root, 'cwd', 'nowhere.pem')} to be readable, got ENOENT`,
      'OS_INTERFACE: expected public, internal or admin, got "outside"',
      'OS_USER_DOMAIN_NAME: expected a domain, or OS_DEFAULT_DOMAIN, got nothing',
      "OS_PASSWORD: expected the user's password, got nothing",
      'OS_PROJECT_NAME: expected a project, or OS_PROJECT_ID, got nothing',
    ]);
  });

  test.each<[string, NodeJS.ProcessEnv, string]>([
    [
      'a user without a cloud',
      { OS_USERNAME: 'demo' },
      'OS_AUTH_URL or OS_CLOUD: expected with OS_USERNAME, got neither',
    ],
    ['Keystone v2', { OS_AUTH_URL: 'http://k/v2.0' }, "OS_AUTH_URL: expected Keystone's API v3, got http://k/v2.0"],
    [
      'another way to sign in',
      { ...RC, OS_AUTH_TYPE: 'v3oidcpassword' },
      'OS_AUTH_TYPE: expected password, v3password, v3applicationcredential, got "v3oidcpassword"',
    ],
    [
      'a secret without its credential',
      { OS_AUTH_URL: 'http://k', OS_APPLICATION_CREDENTIAL_SECRET: 's', OS_USER_ID: 'u1' },
      'OS_APPLICATION_CREDENTIAL_NAME: expected a name, or OS_APPLICATION_CREDENTIAL_ID, got nothing',
    ],
  ])('%s -> reported', (_what, env, problem) => {
    expect(problemsWith(env)).toEqual([problem]);
  });

  test.each<[string, Record<string, string>, RegExp]>([
    ['no file', {}, /^OS_CLOUD: expected a clouds\.yaml in .*, \/etc\/openstack, got none$/],
    [
      'another name',
      { 'cwd/clouds.yaml': CLOUDS },
      /^OS_CLOUD: expected one of first, bare \(.*clouds\.yaml\), got "mine"$/,
    ],
    ['no `clouds`', { 'cwd/clouds.yaml': 'a: 1' }, /clouds\.yaml: expected `clouds:` with a cloud by name below it$/],
    [
      'no YAML',
      { 'cwd/clouds.yaml': `clouds:\n  mine: {password: "${PASSWORD}` },
      /expected YAML, got something else at line \d/,
    ],
    [
      'an `auth` that is a list',
      { 'cwd/clouds.yaml': 'clouds: {mine: {auth: [1]}}' },
      /clouds\.mine\.auth: expected a mapping$/,
    ],
    [
      'no address',
      { 'cwd/clouds.yaml': 'clouds: {mine: {}}' },
      /^auth_url of cloud mine \(or OS_AUTH_URL\): expected Keystone/,
    ],
  ])('a clouds.yaml with %s -> reported', (_what, files, problem) => {
    const problems = problemsWith({ OS_CLOUD: 'mine' }, files);
    expect(problems).toEqual([expect.stringMatching(problem)]);
    expect(problems.join()).not.toContain(PASSWORD);
  });

  test('a named file that does not exist -> reported, no other is read', () => {
    const file = join(root, 'gone.yaml');
    expect(problemsWith({ OS_CLOUD: 'first', OS_CLIENT_CONFIG_FILE: file }, { 'cwd/clouds.yaml': CLOUDS })).toEqual([
      `${file}: expected a file that can be read, got ENOENT`,
    ]);
  });

  test('secrets in every place -> in no problem', () => {
    const env = {
      OS_AUTH_URL: `http://user:${PASSWORD}@keystone`,
      OS_PASSWORD: PASSWORD,
      OS_APPLICATION_CREDENTIAL_SECRET: PASSWORD,
      OS_AUTH_TYPE: 'none',
    };
    const problems = problemsWith(env);
    expect(problems).toHaveLength(2);
    expect(problems.join()).not.toContain(PASSWORD);
  });
});
