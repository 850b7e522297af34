import { expect, test } from '@jest/globals';
import { parseUrl } from '../../src/url.ts';

test.each([
  ['https://münchen.example', 'https://xn--mnchen-3ya.example'],
  ['https://例え.example', 'https://xn--r8jz45g.example'],
  ['https://a.example:443/path', 'https://a.example'],
])('%s, ten thousand times as once V8 has optimised it -> each time %s', (text, origin) => {
  const origins = new Set(Array.from({ length: 10_000 }, () => parseUrl(text)?.origin));
  expect([...origins]).toEqual([origin]);
});

test.each(['', 'a.example', '//a.example', 'https://', 'http://[::1', 'http://a:99999'])('%p -> null', (text) => {
  expect(parseUrl(text)).toBeNull();
});
