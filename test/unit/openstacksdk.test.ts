import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readCloudConfig } from '../../src/openstack/config/cloud-config.ts';
import type { DomainReference, ScopedReference } from '../../src/openstack/keystone/types.ts';

/** clouds.yaml is read as openstacksdk reads it: recorded.json is its reading of each cloud. */

interface Recorded {
  auth: Record<string, string>;
  verify: boolean | string;
  cert: string | [string, string] | null;
  services: Record<'nova' | 'manila', { region: string | null; interface: string | string[]; override: string | null }>;
}

const FIXTURES = new URL('../fixtures/openstacksdk/', import.meta.url);
const recorded = JSON.parse(readFileSync(new URL('recorded.json', FIXTURES), 'utf8')) as {
  clouds: Record<string, Recorded>;
};
const REGIONS: Readonly<Record<string, string>> = { 'regions-second': 'West' };

let root = '';
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'clouds-'));
  mkdirSync(join(root, 'ssl'));
  for (const name of ['secure.yaml', 'clouds-public.yaml']) copyFileSync(new URL(name, FIXTURES), join(root, name));
  const clouds = readFileSync(new URL('clouds.yaml', FIXTURES), 'utf8').replaceAll('/etc/ssl', join(root, 'ssl'));
  writeFileSync(join(root, 'clouds.yaml'), clouds);
  for (const name of ['one.pem', 'client.pem', 'client.key']) writeFileSync(join(root, 'ssl', name), pemOf(name));
});
afterAll(() => rmSync(root, { recursive: true }));

/** The content of a PEM file in the tests. */
function pemOf(path: string): string {
  return `-----BEGIN ${path.split('/').at(-1)}-----\n`;
}

describe('a cloud is read as openstacksdk reads it', () => {
  test.each(Object.entries(recorded.clouds))('%s', (name, expected) => {
    const env = { OS_CLOUD: name, ...(REGIONS[name] && { OS_REGION_NAME: REGIONS[name] }) };
    const config = readCloudConfig(env, { cwd: root, home: root });
    if (config.kind !== 'cloud') throw new Error(config.kind === 'wrong' ? config.problems.join('\n') : 'no cloud');
    const { settings, credentials } = config;
    expect({ auth_url: settings.authUrl, ...authOf(credentials) }).toEqual(idsOnly(expected.auth));
    expect(settings.insecure ? false : (settings.caCert ?? true)).toEqual(
      typeof expected.verify === 'string' ? pemOf(expected.verify) : expected.verify,
    );
    const [cert, key = cert] = [expected.cert].flat();
    expect(settings.clientCert).toEqual(cert ? { cert: pemOf(cert), key: pemOf(key ?? '') } : undefined);
    for (const service of ['nova', 'manila'] as const) {
      const own = settings.services?.[service];
      expect({
        region: own?.region ?? settings.region,
        interface: own?.interface ?? settings.interface,
        override: settings.endpointOverrides[service] ?? null,
      }).toEqual({
        ...expected.services[service],
        interface: JSON.parse(JSON.stringify(expected.services[service].interface).replaceAll('URL', '')),
      });
    }
  });
});

function authOf(credentials: unknown): Record<string, string> {
  const { user, password, project } = credentials as {
    user: ScopedReference;
    password: string;
    project: ScopedReference;
  };
  return { ...flat('user', user, 'username'), password, ...flat('project', project, 'project_name') };
}

function flat(kind: 'user' | 'project', reference: ScopedReference, nameKey: string): Record<string, string> {
  if ('id' in reference) return { [`${kind}_id`]: reference.id };
  const domain: DomainReference = reference.domain;
  const of = 'id' in domain ? { [`${kind}_domain_id`]: domain.id } : { [`${kind}_domain_name`]: domain.name };
  return { [nameKey]: reference.name, ...of };
}

/** keystoneauth sends an id without the name and domain that may stand beside it. */
function idsOnly(auth: Record<string, string>): Record<string, string> {
  const ignored = auth.project_id === undefined ? [] : ['project_name', 'project_domain_name', 'project_domain_id'];
  return Object.fromEntries(Object.entries(auth).filter(([key]) => !ignored.includes(key)));
}

describe('what is not supported stops the start, with its name', () => {
  const AUTH = 'auth_url: http://k/v3, username: u, password: p, project_id: q, user_domain_id: default';

  test.each<[string, string, RegExp]>([
    ['an unquoted boolean', `auth: {${AUTH}, password: yes}`, /^password of cloud c .*: expected text, got a boolean/],
    ['an unquoted date', `auth: {${AUTH}, password: 2026-11-25}`, /^password of .*: expected text, got a date: put it/],
    ['a list for a text', `auth: {${AUTH}, username: [a]}`, /^username of .*: expected text, got a list$/],
    [
      'a mapping for a text',
      `auth: {${AUTH}}, region_name: {a: b}`,
      /^region_name of .*: expected text, got a mapping$/,
    ],
    ['a trust', `auth: {${AUTH}, trust_id: t}`, /^trust_id of cloud c .*: not supported/],
    ['a system scope', `auth: {${AUTH}, system_scope: all}`, /^system_scope of cloud c .*: not supported/],
    ['a token', `auth: {${AUTH}, token: t}`, /^token of cloud c .*: not supported/],
    ['an option that no method has', `auth: {${AUTH}, favourite: blue}`, /^favourite of cloud c .*: not supported/],
    [
      'an identity provider',
      `auth: {${AUTH}, identity_provider: i}`,
      /^identity_provider of cloud c .*: not supported/,
    ],
    ['Keystone v2', `auth: {${AUTH}}, identity_api_version: 2`, /^identity_api_version of .*: expected 3, got "2"$/],
    [
      'another service type',
      `auth: {${AUTH}}, share_service_type: x`,
      /^share_service_type of cloud c .*: not supported$/,
    ],
    [
      'a service name',
      `auth: {${AUTH}}, compute_service_name: x`,
      /^compute_service_name of cloud c .*: not supported$/,
    ],
    ['an unknown profile', `auth: {${AUTH}}, profile: vexxhost`, /^profile of cloud c: "vexxhost" is not supported/],
    [
      'a profile at a URL',
      `auth: {${AUTH}}, profile: "https://c"`,
      /^profile of cloud c: "https:\/\/c" is not supported/,
    ],
    [
      'an unknown placeholder in an override',
      `auth: {${AUTH}}, compute_endpoint_override: "http://n/%(tenant_id)s"`,
      /^compute_endpoint_override of .*: expected %\(project_id\)s or .*, got "%\(tenant_id\)s"$/,
    ],
    [
      'a percent sign in an override',
      `auth: {${AUTH}}, compute_endpoint_override: "http://n/a%20b/v2.1"`,
      /^compute_endpoint_override of .* got "%"$/,
    ],
    [
      'another version in an override',
      `auth: {${AUTH}}, share_endpoint_override: "http://m/v1/%(project_id)s"`,
      /^share_endpoint_override of .*: expected a URL that ends in v2 or in no version, got http:\/\/m\/v1/,
    ],
    [
      'an unknown name in braces',
      `auth: {${AUTH.replace('http://k', '"http://{colour}"').replace('"/v3', '/v3"')}}`,
      /^auth_url of cloud c .*: expected the name of a setting in braces, got {colour}/,
    ],
    [
      'an unknown interface in a list',
      `auth: {${AUTH}}, interface: [public, x]`,
      /^interface of .*got \["public","x"\]$/,
    ],
    ['a region without a name', `auth: {${AUTH}}, regions: [{values: {}}]`, /^regions of cloud c: expected names/],
    [
      'an unknown key in a region',
      `auth: {${AUTH}}, regions: [{name: a, x: 1}]`,
      /^regions of cloud c: expected names/,
    ],
    [
      'a key without a certificate',
      `auth: {${AUTH}}, key: /k.pem`,
      /^cert of cloud c .*: expected with key of cloud c/,
    ],
    ['a verify that is a missing file', `auth: {${AUTH}}, verify: /x.pem`, /^verify of cloud c .*: expected \/x\.pem/],
  ])('%s', (_what, cloud, problem) => {
    const file = join(root, 'unsupported.yaml');
    writeFileSync(file, `clouds: {c: {${cloud}}}`);
    const config = readCloudConfig({ OS_CLOUD: 'c', OS_CLIENT_CONFIG_FILE: file }, { cwd: root, home: root });
    expect(config.kind === 'wrong' ? config.problems : []).toEqual(
      expect.arrayContaining([expect.stringMatching(problem)]),
    );
  });

  test('a region that the cloud does not have -> the regions that it has', () => {
    const config = readCloudConfig({ OS_CLOUD: 'regions', OS_REGION_NAME: 'North' }, { cwd: root, home: root });
    expect(config).toEqual({
      kind: 'wrong',
      problems: ['OS_REGION_NAME: expected one of East, West (regions of cloud regions), got North'],
    });
  });
});
