import { describe, expect, test } from '@jest/globals';
import { attachmentRef, checkSignature, signRule } from '../../src/attachments/rule-signature.ts';
import type { AccessRule } from '../../src/openstack/manila/types.ts';

const KEY = 'a'.repeat(44);
const SHARE = 'share-1';
const METADATA = { managed_by: 'nova-manila-gateway', attachment_id: 'server-1:share-1', mount_point: '/mnt/a' };

function signedRule(change: Partial<AccessRule> = {}, key = KEY): AccessRule {
  const made = { share_id: SHARE, access_type: 'ip', access_to: '10.0.0.5' };
  const metadata = { ...METADATA, signature: signRule(key, made, METADATA) };
  return {
    id: 'rule-1',
    access_type: 'ip',
    access_to: '10.0.0.5',
    access_level: 'rw',
    state: 'active',
    metadata,
    ...change,
  };
}
const withPair = (pair: Record<string, string>) => ({ metadata: { ...signedRule().metadata, ...pair } });

describe('a signature of this key', () => {
  test.each<[string, Partial<AccessRule>]>([
    ['as it was made', {}],
    ['another spelling of the address', { access_to: '10.0.0.5/32' }],
    ['another state, level or id', { state: 'error', access_level: 'ro', id: 'rule-2' }],
    ['a pair that the gateway does not use', withPair({ colour: 'blue' })],
  ])('%s -> valid', (_what, change) => {
    expect(checkSignature(KEY, SHARE, signedRule(change))).toBe('valid');
  });

  test.each<[string, Partial<AccessRule>]>([
    ['another target', { access_to: '10.0.0.6' }],
    ['a network around the target', { access_to: '10.0.0.5/31' }],
    ['another type', { access_type: 'user' }],
    ['a hidden target', { access_to: '******' }],
    ['another attachment', withPair({ attachment_id: 'server-2:share-1' })],
    ['another mount point', withPair({ mount_point: '/etc' })],
    ['a user where there was none', withPair({ user_id: 'u' })],
    ['a cut signature', withPair({ signature: signedRule().metadata?.signature?.slice(0, -1) ?? '' })],
    ['an empty signature', withPair({ signature: signedRule().metadata?.signature?.replace(/[^:]*$/, '') ?? '' })],
  ])('%s -> invalid', (_what, change) => {
    expect(checkSignature(KEY, SHARE, signedRule(change))).toBe('invalid');
  });

  test('the rule of another share -> invalid', () => {
    expect(checkSignature(KEY, 'share-2', signedRule())).toBe('invalid');
  });
});

test.each<[string, AccessRule]>([
  ['no signature', signedRule({ metadata: METADATA })],
  ['no metadata', signedRule({ metadata: {} })],
  ['another key', signedRule({}, 'b'.repeat(44))],
  ['another version', signedRule(withPair({ signature: 'v2:x:y' }))],
])('%s -> unknown', (_what, rule) => {
  expect(checkSignature(KEY, SHARE, rule)).toBe('unknown');
});

test('a reference -> the same for one attachment and key, and does not contain the attachment’s ids', () => {
  const ref = attachmentRef(KEY, 'server-1:share-1');
  expect(attachmentRef(KEY, 'server-1:share-1')).toBe(ref);
  expect(attachmentRef(KEY, 'server-2:share-1')).not.toBe(ref);
  expect(attachmentRef('b'.repeat(44), 'server-1:share-1')).not.toBe(ref);
  expect(ref).not.toMatch(/server|share/);
});
