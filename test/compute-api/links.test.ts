import { describe, expect, test } from '@jest/globals';
import { type LinkRewrite, rewriteLinks, rewriteUrl } from '../../src/transport/compute-api/links.ts';

const REWRITE: LinkRewrite = { from: ['http://nova:8774', 'https://cloud/compute'], to: 'http://gateway:4000' };

async function rewritten(chunks: readonly Buffer[], rewrite = REWRITE): Promise<string> {
  const stream = rewriteLinks(rewrite);
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}

describe('links in JSON', () => {
  test.each([
    ['{"href": "http://nova:8774/v2.1/x"}', '{"href": "http://gateway:4000/v2.1/x"}'],
    ['{"href":"http://nova:8774/servers/x"}', '{"href":"http://gateway:4000/servers/x"}'],
    ['{"href": "http://nova:8774"}', '{"href": "http://gateway:4000"}'],
    ['{"href": "https://cloud/compute/v2.1?limit=1"}', '{"href": "http://gateway:4000/v2.1?limit=1"}'],
    ['{"href": "http://nova:87740/v2.1/x"}', '{"href": "http://nova:87740/v2.1/x"}'],
    ['{"href": "https://cloud/computers"}', '{"href": "https://cloud/computers"}'],
    ['{"name": "http://nova:8774/v2.1/x"}', '{"name": "http://nova:8774/v2.1/x"}'],
    ['{"n": 1.0, "é": 12345678901234567890}', '{"n": 1.0, "é": 12345678901234567890}'],
    ['', ''],
  ])('%s -> %s', async (json, expected) => {
    expect(await rewritten([Buffer.from(json)])).toBe(expected);
  });

  test('split anywhere, and into single bytes -> the same output', async () => {
    const json =
      '[{"href": "http://nova:8774/v2.1/é", "rel": "next"}, {"href": "x"}, "\\"href\\": \\"http://nova:8774/\\""]';
    const bytes = Buffer.from(json);
    const whole = await rewritten([bytes]);
    expect(whole).toContain('http://gateway:4000/v2.1/é');
    for (let at = 0; at <= bytes.length; at++) {
      expect(await rewritten([bytes.subarray(0, at), bytes.subarray(at)])).toBe(whole);
    }
    expect(await rewritten([...bytes].map((byte) => Buffer.from([byte])))).toBe(whole);
  });

  test('a base URL with special characters of a pattern -> matched literally', async () => {
    const rewrite = { from: ['http://a.b:1/$(x)'], to: 'http://$&$1' };
    expect(await rewritten([Buffer.from('{"href": "http://a.b:1/$(x)/v"}')], rewrite)).toBe(
      '{"href": "http://$&$1/v"}',
    );
    expect(await rewritten([Buffer.from('{"href": "http://aXb:1/$(x)/v"}')], rewrite)).toBe(
      '{"href": "http://aXb:1/$(x)/v"}',
    );
  });

  test('no base URL known -> unchanged', async () => {
    const json = '{"href": "http://nova:8774/v2.1/x"}';
    expect(await rewritten([Buffer.from(json)], { from: [], to: 'http://gateway' })).toBe(json);
  });
});

test.each([
  ['http://nova:8774/v2.1/servers/x', 'http://gateway:4000/v2.1/servers/x'],
  ['http://nova:8774', 'http://gateway:4000'],
  ['http://nova:87745/v2.1', 'http://nova:87745/v2.1'],
  ['http://glance/v2/images/x', 'http://glance/v2/images/x'],
])('Location %s -> %s', (url, expected) => {
  expect(rewriteUrl(url, REWRITE)).toBe(expected);
});
