import { describe, expect, test } from '@jest/globals';
import { type EndpointChoice, findEndpoint, formatOverride, parseEndpoint } from '../../src/openstack/catalog.ts';
import type { Catalog } from '../../src/openstack/keystone/types.ts';
import { MANILA, NOVA } from '../../src/openstack/services.ts';
import { fixture } from '../contract/service.ts';

const PUBLIC: EndpointChoice = { region: null, interface: 'public' };

const at = (url: string, region: string | null = 'RegionOne', kind = 'public') => ({
  interface: kind,
  region,
  region_id: region,
  url,
});

const recorded = (release: 'epoxy' | 'zed') =>
  (fixture('keystone', 'validate-token', release).response.body as { token: { catalog: Catalog } }).token.catalog;

test('a recorded catalog with both of Manila’s types, without project ids -> as given', () => {
  expect(findEndpoint(recorded('epoxy'), NOVA, PUBLIC).url).toBe('https://nova.example.org/v2.1');
  expect(findEndpoint(recorded('epoxy'), MANILA, PUBLIC).url).toBe('https://manila.example.org/v2');
});

test('a recorded catalog with the old type alone, with project ids -> as given', () => {
  expect(findEndpoint(recorded('zed'), NOVA, PUBLIC).url).toMatch(
    /^https:\/\/nova\.example\.org\/v2\.1\/[0-9a-f]{32}$/,
  );
  expect(findEndpoint(recorded('zed'), MANILA, PUBLIC).url).toMatch(
    /^https:\/\/manila\.example\.org\/v2\/[0-9a-f]{32}$/,
  );
});

describe('a catalog made up', () => {
  const catalog: Catalog = [
    { type: 'sharev2', endpoints: [at('http://old/v2')] },
    { type: 'shared-file-system', endpoints: [at('http://new/v2/')] },
    {
      type: 'compute',
      endpoints: [
        at('http://west/v2.1', 'West'),
        at('http://east/v2.1', 'East'),
        at('http://east-inside/v2.1', 'East', 'internal'),
        { interface: 'adminURL', region: 'Named', region_id: null, url: 'http://named/v2.1' },
      ],
    },
  ];

  test('two types for one service -> the official one, its slash at the end taken off', () => {
    expect(findEndpoint(catalog, MANILA, PUBLIC).url).toBe('http://new/v2');
  });

  test.each<[string, EndpointChoice, string]>([
    ['no region -> the first by name', PUBLIC, 'http://east/v2.1'],
    ['a region -> that one', { region: 'West', interface: 'public' }, 'http://west/v2.1'],
    ['an interface -> that one', { region: 'East', interface: 'internal' }, 'http://east-inside/v2.1'],
    ['a region by name, an interface as URL -> found', { region: 'Named', interface: 'admin' }, 'http://named/v2.1'],
    [
      'several interfaces -> the first that there is',
      { region: 'East', interface: ['admin', 'internal', 'public'] },
      'http://east-inside/v2.1',
    ],
    ['an override -> that one', { ...PUBLIC, override: 'http://mine/v2.1/' }, 'http://mine/v2.1'],
    [
      'an override without a version -> with ours',
      { ...PUBLIC, override: 'http://mine/compute' },
      'http://mine/compute/v2.1',
    ],
  ])('%s', (_situation, choice, url) => {
    expect(findEndpoint(catalog, NOVA, choice).url).toBe(url);
  });

  test('a region that is not there -> UPSTREAM_UNAVAILABLE with what was expected and what the catalog has', () => {
    expect(() => findEndpoint(catalog, NOVA, { region: 'North', interface: 'public' })).toThrow(
      expect.objectContaining({
        code: 'UPSTREAM_UNAVAILABLE',
        details: { service: 'nova' },
        message:
          "Nova has no usable endpoint in the token's catalog: expected compute, public, North, v2.1 or v2; got compute public in West; " +
          'compute public in East; compute internal in East; compute admin in Named',
      }),
    );
  });
});

test.each([
  'http://manila/v1',
  'http://manila/v1/',
  'http://manila/v1 ',
  'http://manila/v3',
  'http://manila/v1/8903955a85ba4379b4c0dd07ac47cdef',
])('Manila at %s, an API that is not supported -> the next catalog type', (url) => {
  const catalog = [
    { type: 'shared-file-system', endpoints: [at(url)] },
    { type: 'sharev2', endpoints: [at('http://manila/v2')] },
  ];
  expect(findEndpoint(catalog, MANILA, PUBLIC).url).toBe('http://manila/v2');
  expect(() => findEndpoint(catalog.slice(0, 1), MANILA, PUBLIC)).toThrow(/no usable endpoint.*got shared-file-system/);
});

test.each([
  [[], 'only nothing'],
  [[{ type: 'image', endpoints: [at('http://glance')] }], 'only image'],
])('the catalog %j -> says what it has', (catalog, words) => {
  expect(() => findEndpoint(catalog, MANILA, PUBLIC)).toThrow(words);
});

const PROJECT = '8903955a85ba4379b4c0dd07ac47cdef';

describe('the parts of a URL', () => {
  test.each([
    ['https://cloud/compute/v2.1', 'https://cloud/compute', ''],
    ['https://cloud:443/v2.1/ ', 'https://cloud:443', ''],
    ['https://cloud/compute/v2.1//', 'https://cloud/compute', ''],
    [`https://cloud/compute/v2.1/${PROJECT}/`, 'https://cloud/compute', `/${PROJECT}`],
    [`http://nova:8774/v2.1/AUTH_${PROJECT}`, 'http://nova:8774', `/AUTH_${PROJECT}`],
    [`http://nova:8774/v2/${PROJECT}`, 'http://nova:8774', `/${PROJECT}`],
    ['http://nova:8774/v2', 'http://nova:8774', ''],
    ['http://nova:8774/v2.1/my-project', 'http://nova:8774', '/my-project'],
    ['http://nova:8774', 'http://nova:8774', ''],
    [`http://nova:8774/${PROJECT}`, 'http://nova:8774', `/${PROJECT}`],
    ['https://v2.example.org', 'https://v2.example.org', ''],
    ['https://v2', 'https://v2', ''],
    ['https://cloud/v1/compute', 'https://cloud/v1/compute', ''],
    ['https://cloud/v3/compute/v2.1', 'https://cloud/v3/compute', ''],
    [`https://cloud/v1/compute/v2.1/${PROJECT}`, 'https://cloud/v1/compute', `/${PROJECT}`],
  ])('Nova at %j -> v2.1 below %s', (url, base, project) => {
    expect(parseEndpoint(url, NOVA)).toEqual({ base, root: `${base}/v2.1`, url: `${base}/v2.1${project}` });
  });

  test.each([
    ...['', ' ', 'nova', 'ftp://nova/v2.1', 'http://', 'http:///v2.1', 'http://nova/v2.1?x=1', 'http://nova/v2.1#x'],
    ...['http://nova/v3', 'http://nova/compute/v1.1', `http://nova/v3/${PROJECT}`, 'http://no va/v2.1'],
    `http://nova/${'x/'.repeat(2000)}`,
  ])('Nova at %.40j -> not usable', (url) => {
    expect(parseEndpoint(url, NOVA)).toBeNull();
  });

  test('a catalog with another version only -> the error names it', () => {
    const catalog = [{ type: 'compute', endpoints: [at('http://nova/v3'), at('nonsense')] }];
    expect(() => findEndpoint(catalog, NOVA, PUBLIC)).toThrow(
      /expected compute, public, any region, v2\.1 or v2; got compute public in RegionOne at v3; .* at an invalid URL$/,
    );
  });
});

test('Manila registered as `share` with its API v2 -> that endpoint', () => {
  const catalog = [{ type: 'share', endpoints: [at('http://manila/v2')] }];
  expect(findEndpoint(catalog, MANILA, PUBLIC).url).toBe('http://manila/v2');
});

test('an override with placeholders -> the session’s values', () => {
  const values = { projectId: 'p1', userId: 'u1' };
  expect(formatOverride('http://x/%(project_id)s/%(user_id)s/100%%', values)).toBe('http://x/p1/u1/100%');
});
