import { expect, test } from '@jest/globals';
import { parseRedisUrl } from '../../src/redis/url.ts';

test('a single Redis -> its URL unchanged; the label has no password', () => {
  const url = 'rediss://me:secret@r.example:6380/2';
  expect(parseRedisUrl(url)).toEqual({ kind: 'single', url, label: 'r.example:6380' });
});

test('Sentinels -> each with its port, the name, and defaults', () => {
  expect(parseRedisUrl('redis-sentinel://a.example,[::1]:5000/mymaster')).toEqual({
    kind: 'sentinel',
    nodes: [
      { host: 'a.example', port: 26379 },
      { host: '::1', port: 5000 },
    ],
    name: 'mymaster',
    db: 0,
    isTls: false,
    label: 'sentinel a.example,[::1]:5000',
  });
});

test('Sentinels with both passwords, a database and TLS -> parsed, percent-decoded', () => {
  expect(
    parseRedisUrl('rediss-sentinel://me:p%40ss:word@a:1/my%20m?db=3&sentinelUsername=s&sentinelPassword=p%26w'),
  ).toMatchObject({
    username: 'me',
    password: 'p@ss:word',
    name: 'my m',
    db: 3,
    sentinelUsername: 's',
    sentinelPassword: 'p&w',
    isTls: true,
    label: 'sentinel a:1',
  });
});

test('a cluster -> its nodes; the default port is 6379; a password without a user', () => {
  expect(parseRedisUrl('redis-cluster://:pw@a:80,b')).toEqual({
    kind: 'cluster',
    nodes: [
      { host: 'a', port: 80 },
      { host: 'b', port: 6379 },
    ],
    password: 'pw',
    isTls: false,
    label: 'cluster a:80,b',
  });
});

test.each([
  'http://r',
  'redis//r',
  'redis://a:1,b:2',
  'redis://me:1/2@a',
  'redis://a/not-a-number',
  'redis:///0',
  'redis-sentinel://a:1',
  'redis-sentinel://a:1/',
  'redis-sentinel://a:1/m?db=x',
  'redis-sentinel://a:1/m?tls=1',
  'redis-sentinel://a:1/m/0',
  'redis-cluster://',
  'redis-cluster://a:1,',
  'redis-cluster://a:1,,b:2',
  'redis-cluster://a:99999',
  'redis-cluster://a:1/0',
  'redis-cluster://a:1?db=1',
  'redis-cluster://a b:1',
  'redis-cluster://%zz@a:1',
  'redis-other://a:1',
])('%s -> not an address', (url) => {
  expect(parseRedisUrl(url)).toBeNull();
});
