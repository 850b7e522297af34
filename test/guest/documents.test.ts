import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Guest, SHELLS, startGuest } from '../support/guest.ts';
import {
  type MetadataService,
  metadata,
  nfs,
  python,
  shares,
  startMetadataService,
} from '../support/metadata-service.ts';

/** What the agent reads in the two documents, and when it knows that it does not know. */

const good = shares(nfs('/srv/b'));
const json = python({ static: {}, shares: good });
const fstab = JSON.stringify(`${nfs('/srv/b')}\n`);

/** Answers in which the list is unknown: a mount of /srv/a stays, and /srv/b is not mounted. */
const UNKNOWN: [name: string, answer: MetadataService['vendordata'], why: string | null][] = [
  ['the target failed', { static: {}, shares: {} }, '"shares" is empty'],
  ['no such target', { static: {} }, null],
  ['another version', { static: {}, shares: { ...good, version: 2 } }, 'version 2'],
  ['the version as a string', { static: {}, shares: { ...good, version: '1' } }, 'version not a number'],
  ['version 1.0', json.replace('"version": 1', '"version": 1.0'), 'version 1.0'],
  ['no version', { static: {}, shares: { fstab: '' } }, 'version none'],
  ['no fstab', { static: {}, shares: { version: 1 } }, 'no fstab'],
  ['fstab that is no string', { static: {}, shares: { version: 1, fstab: [] } }, 'no fstab'],
  ['a list', { static: {}, shares: [good] }, 'not an object'],
  ['a string', { static: {}, shares: 'shares' }, 'not an object'],
  ['null', { static: {}, shares: null }, 'not an object'],
  ['an array around it', `[${json}]`, 'not an object'],
  ['an empty body', '', 'unexpected end'],
  ['HTML', '<html><body>"shares": {"version": 1, "fstab": ""}</body></html>', 'unexpected'],
  ['cut short', json.slice(0, -1), 'unexpected end'],
  ['cut short in a string', json.slice(0, json.indexOf('nosuid')), 'unterminated string'],
  ['text after it', `${json} x`, 'unexpected text'],
  ['two documents', `${json}${json}`, 'unexpected {'],
  ['a missing comma', json.replace(', ', ' '), 'unexpected string'],
  ['a comma too many', json.replace('{}', '{,}'), 'unexpected ,'],
  ['a comma before the end', json.replace(/\}\}$/, ',}}'), 'unexpected }'],
  ['the wrong bracket', json.replace('{}', '{]'), 'unexpected ]'],
  ['a key without a value', json.replace('{}', '{"a"}'), 'unexpected }'],
  ['a key that is a number', json.replace('{}', '{1: 2}'), 'unexpected text'],
  ['a word', json.replace('{}', 'None'), 'unexpected text'],
  ['a number with a zero before it', json.replace('{}', '007'), 'unexpected text'],
  ['a line break in a string', json.replace('{}', '"a\nb"'), 'control character'],
  ['a NUL', json.replace('{}', '"a\0b"'), 'control character'],
  ['an unknown escape', json.replace('10.20', '\\x10.20'), 'unknown escape'],
  ['half an escape', json.replace('10.20', '\\u00'), 'unknown escape'],
  ['the key twice', json.replace('"static": {}', '"shares": {"version": 1, "fstab": ""}'), 'appears twice'],
  ['fstab twice', `{"shares": {"version": 1, "fstab": ${fstab}, "fstab": ""}}`, 'appears twice'],
  ['depth', json.replace('{}', '['.repeat(100) + ']'.repeat(100)), 'too deep'],
  ['a long answer', json.replace('{}', JSON.stringify('x'.repeat(1_100_000))), 'longer than 1048576 bytes'],
  ['a long fstab', { shares: { version: 1, fstab: `${nfs('/srv/b')}\n#${'x'.repeat(70_000)}` } }, 'too long'],
  ['status 404', (response) => response.writeHead(404).end(json), '404'],
  ['status 500', (response) => response.writeHead(500).end(json), '500'],
  ['status 204', (response) => response.writeHead(204).end(), null],
  ['a redirect to nowhere', (response) => response.writeHead(302, { location: '/nowhere' }).end(json), null],
  ['a closed connection', (response) => response.destroy(), null],
  [
    'an answer that ends too early',
    (response) => {
      response.writeHead(200, { 'content-length': json.length + 10 });
      response.write(json, () => response.destroy());
    },
    null,
  ],
];

/** Documents that list /srv/b, however they are written and whatever stands around it. */
const KNOWN: [name: string, answer: MetadataService['vendordata']][] = [
  ['no space at all', JSON.stringify({ static: {}, shares: good })],
  ['indented', JSON.stringify({ static: {}, shares: good }, null, '\t\r')],
  ['another order of keys', { shares: Object.fromEntries(Object.entries(good).reverse()), static: {} }],
  [
    'other targets around it',
    { static: { a: [1, -2.5e3, true, null, [], {}, ''] }, shares: good, 'cloud-init': '#!/bin/sh\necho "\\"\n' },
  ],
  ['escapes for printable characters', json.replace('/srv/b nfs', '\\/srv\\u002fb\\u0020nfs')],
  ['escapes in the keys', json.replace('"shares"', '"sh\\u0061res"').replace('"fstab"', '"\\u0066stab"')],
  ['a line break as \\u000a', json.replace('\\n', '\\u000A')],
  ['no line break at the end', json.replace('\\n', '')],
  ['comments and empty lines', { shares: shares('# made by the gateway', '', '   ', nfs('/srv/b')) }],
  [
    'misleading text in a string',
    { static: { name: '"shares": {"version": 1, "fstab": ""}, \\"shares\\": {' }, shares: good },
  ],
  ['misleading text in a key', { '"shares": {': 1, '\\"': { shares: { version: 1, fstab: '' } }, shares: good }],
  ['the key at another depth', { static: { shares: { version: 1, fstab: '' } }, shares: good }],
  ['the members at another depth', { shares: { ...good, shares: [{ version: 2, fstab: '', refreshSeconds: 1 }] } }],
  ['the key in an array', { static: [{ shares: { version: 2 } }, 'shares'], shares: good }],
  ['backslashes before the quotation mark', { static: { a: '\\', b: '\\\\', c: '\\"', d: '"\\\\"' }, shares: good }],
  ['strings in other scripts', { static: { name: 'Dürer \u{1f600} 共有' }, shares: good }],
  ['raw UTF-8', JSON.stringify({ static: { name: 'Dürer \u{1f600} 共有' }, shares: good })],
  ['large targets beside it', { static: { script: 'echo "a"\n'.repeat(40_000) }, shares: good }],
];

let service: MetadataService;
let guest: Guest;

beforeAll(async () => {
  service = await startMetadataService();
});
afterAll(() => service.close());

describe.each(SHELLS)('under %s', (shell) => {
  describe('the list is unknown, so nothing changes', () => {
    beforeAll(async () => {
      guest = await startGuest(shell, service.url);
      service.list(nfs('/srv/a'));
      service.items({});
      await guest.agent();
    });
    afterAll(() => guest.close());
    // each problem is logged again when it is new
    beforeEach(() => void guest.sh('rm /run/manila-guest-agent/problems; rm -f "$DIRECTORY/calls"'));

    test.each(UNKNOWN)('%s', async (_, answer, why) => {
      service.vendordata = answer;
      const { code, stderr } = await guest.agent();
      expect(code).toBe(0);
      if (why !== null) expect(stderr).toContain(shell === 'busybox' && /^\d+$/.test(why) ? 'cannot read' : why);
      expect(guest.calls()).toEqual([]);
      expect(guest.mountPoints()).toEqual(['/srv/a']);
    });

    test.each([
      ['no answer', (response: { destroy(): unknown }) => void response.destroy()],
      ['not from Nova', { meta: {} }],
      ['meta is a list', { ...metadata(), meta: [] }],
      ['bad JSON', '{"uuid": "a", "meta": {}'],
    ])('of meta_data.json too: %s', async (_, answer) => {
      service.vendordata = { static: {} };
      service.metadata = answer as MetadataService['metadata'];
      await guest.agent();
      expect(guest.mountPoints()).toEqual(['/srv/a']);
    });

    test('nothing listens', async () => {
      guest.configure({ metadata_url: 'http://127.0.0.1:1/openstack/latest' });
      const { code, stderr } = await guest.agent();
      expect(code).toBe(0);
      expect(stderr).toContain('cannot read http://127.0.0.1:1/openstack/latest/vendor_data2.json');
      expect(guest.mountPoints()).toEqual(['/srv/a']);
      guest.configure({});
    });

    test('an answer that never ends has a deadline', async () => {
      guest.configure({ request_timeout: 1 });
      service.vendordata = (response) => void response.writeHead(200).write('{');
      service.metadata = metadata();
      const { stderr } = await guest.agent();
      expect(stderr).toContain('cannot read');
      expect(guest.mountPoints()).toEqual(['/srv/a']);
      guest.configure({});
    });
  });

  describe('the list is known', () => {
    beforeAll(async () => {
      guest = await startGuest(shell, service.url);
      service.items({});
    });
    afterAll(() => guest.close());
    afterEach(async () => {
      service.list();
      await guest.agent();
    });

    test.each(KNOWN)('%s', async (_, answer) => {
      service.vendordata = answer;
      const { stderr } = await guest.agent();
      expect(stderr).toBe('manila-guest-agent: mounted 10.20.0.11:/shares/srv/b on /srv/b\n');
    });

    test('under another key', async () => {
      guest.configure({ vendordata_key: 'nova-manila.shares' });
      service.vendordata = { shares: shares(nfs('/srv/a')), 'nova-manila.shares': good };
      await guest.agent();
      expect(guest.mountPoints()).toEqual(['/srv/b']);
      guest.configure({});
    });

    test('the proxy of the environment is not asked', async () => {
      Object.assign(guest.environment, { http_proxy: 'http://127.0.0.1:1', ALL_PROXY: 'http://127.0.0.1:1' });
      service.vendordata = { shares: good };
      await guest.agent();
      expect(guest.mountPoints()).toEqual(['/srv/b']);
    });
  });
});

describe('wget of GNU, where there is no curl', () => {
  beforeAll(async () => {
    guest = await startGuest('dash', service.url);
    service.items({});
    guest.withoutCurl();
  });
  afterAll(() => guest.close());

  test('reads the list', async () => {
    service.vendordata = { shares: good };
    await guest.agent();
    expect(guest.mountPoints()).toEqual(['/srv/b']);
  });

  test.each(UNKNOWN.filter(([, answer]) => typeof answer === 'function'))('%s: nothing changes', async (_, answer) => {
    service.vendordata = answer;
    await guest.agent();
    expect(guest.mountPoints()).toEqual(['/srv/b']);
  });
});
