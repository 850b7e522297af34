import { describe, expect, test } from '@jest/globals';
import { type EndpointChoice, findEndpoint } from '../../src/openstack/catalog.ts';
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
  expect(findEndpoint(recorded('epoxy'), NOVA, PUBLIC)).toBe('https://nova.example.org/v2.1');
  expect(findEndpoint(recorded('epoxy'), MANILA, PUBLIC)).toBe('https://manila.example.org/v2');
});

test('a recorded catalog with the old type alone, with project ids -> as given', () => {
  expect(findEndpoint(recorded('zed'), NOVA, PUBLIC)).toMatch(/^https:\/\/nova\.example\.org\/v2\.1\/[0-9a-f]{32}$/);
  expect(findEndpoint(recorded('zed'), MANILA, PUBLIC)).toMatch(/^https:\/\/manila\.example\.org\/v2\/[0-9a-f]{32}$/);
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
    expect(findEndpoint(catalog, MANILA, PUBLIC)).toBe('http://new/v2');
  });

  test.each<[string, EndpointChoice, string]>([
    ['no region -> the first by name', PUBLIC, 'http://east/v2.1'],
    ['a region -> that one', { region: 'West', interface: 'public' }, 'http://west/v2.1'],
    ['an interface -> that one', { region: 'East', interface: 'internal' }, 'http://east-inside/v2.1'],
    ['a region by name, an interface as URL -> found', { region: 'Named', interface: 'admin' }, 'http://named/v2.1'],
    ['an override -> that one', { ...PUBLIC, override: 'http://mine/v2.1/' }, 'http://mine/v2.1'],
    [
      'an override without a version -> with ours',
      { ...PUBLIC, override: 'http://mine/compute' },
      'http://mine/compute/v2.1',
    ],
  ])('%s', (_situation, choice, url) => {
    expect(findEndpoint(catalog, NOVA, choice)).toBe(url);
  });

  test('a region that is not there -> UPSTREAM_UNAVAILABLE with what was expected and what the catalog has', () => {
    expect(() => findEndpoint(catalog, NOVA, { region: 'North', interface: 'public' })).toThrow(
      expect.objectContaining({
        code: 'UPSTREAM_UNAVAILABLE',
        details: { service: 'nova' },
        message:
          "Nova has no usable endpoint in the token's catalog: expected compute, public, North; got compute public in West; " +
          'compute public in East; compute internal in East; compute admin in Named',
      }),
    );
  });
});

test.each(['http://manila/v1', 'http://manila/v1/', 'http://manila/v1/8903955a85ba4379b4c0dd07ac47cdef'])(
  'Manila at %s, its dead API -> passed over for the next type',
  (url) => {
    const catalog = [
      { type: 'shared-file-system', endpoints: [at(url)] },
      { type: 'sharev2', endpoints: [at('http://manila/v2')] },
    ];
    expect(findEndpoint(catalog, MANILA, PUBLIC)).toBe('http://manila/v2');
    expect(() => findEndpoint(catalog.slice(0, 1), MANILA, PUBLIC)).toThrow(
      /no usable endpoint.*got shared-file-system/,
    );
  },
);

test.each([
  [[], 'only nothing'],
  [[{ type: 'image', endpoints: [at('http://glance')] }], 'only image'],
])('the catalog %j -> says what it has', (catalog, words) => {
  expect(() => findEndpoint(catalog, MANILA, PUBLIC)).toThrow(words);
});
