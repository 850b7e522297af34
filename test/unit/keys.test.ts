import { describe, expect, test } from '@jest/globals';
import { crc16, createKeys, dueMember, parseDueMember, SHARDS, shardOf } from '../../src/attachments/store/keys.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

describe('crc16', () => {
  // The check value of XMODEM, and slots that CLUSTER KEYSLOT answers (mod 16384).
  test.each([
    ['123456789', 0x31c3],
    ['', 0],
  ])('%j -> the known value', (text, value) => {
    expect(crc16(bytes(text))).toBe(value);
  });

  test.each([
    ['foo', 12182],
    ['bar', 5061],
    ['hello', 866],
    ['somekey', 11058],
  ])('key %s -> the slot that Redis Cluster gives it', (key, slot) => {
    expect(crc16(bytes(key)) % 16384).toBe(slot);
  });
});

describe('keys', () => {
  const keys = createKeys('test:');
  const project = 'aa8a1b6cfd1b4e6c9e6f2f3f0a5d7c11';
  const all = [
    keys.record(project, 's1:sh1'),
    keys.projectIndex(project),
    keys.serverIndex(project, 's1'),
    keys.shareIndex(project, 'sh1'),
    keys.statusIndex(project, 'attached'),
    keys.targetIndex(project, 'sh1:ip:10.0.0.7'),
    keys.indexed(shardOf(project)),
    keys.mountPoints(project, 's1'),
    keys.due(shardOf(project)),
    keys.projects(shardOf(project)),
    keys.log(project),
    keys.channel(project),
    keys.targetLock(project, 'sh1 ip 10.0.0.7'),
    keys.recovered(project),
  ];

  test('every key and channel of a project -> the prefix, then one hash tag: its shard', () => {
    const tags = all.map((key) => /^test:\{([^}]*)\}:/.exec(key)?.[1]);
    expect(new Set(tags)).toEqual(new Set([`p${shardOf(project)}`]));
  });

  test('every key and channel of a project -> a distinct name', () => {
    expect(new Set(all).size).toBe(all.length);
  });

  test('two projects of one shard -> no key in common but the due set', () => {
    const other = twinOf(project);
    expect(shardOf(other)).toBe(shardOf(project));
    expect(keys.due(shardOf(other))).toBe(keys.due(shardOf(project)));
    expect(keys.record(other, 's1:sh1')).not.toBe(keys.record(project, 's1:sh1'));
    expect(keys.log(other)).not.toBe(keys.log(project));
  });

  test('many projects -> every shard is used, none beyond', () => {
    const shards = new Set(Array.from({ length: 5000 }, (_, i) => shardOf(`project-${i}`)));
    expect(shards.size).toBe(SHARDS);
    expect(Math.max(...shards)).toBeLessThan(SHARDS);
  });

  test('a due member -> its project and id', () => {
    expect(parseDueMember(dueMember(project, 's1:sh1'))).toEqual({ projectId: project, id: 's1:sh1' });
  });

  function twinOf(projectId: string): string {
    for (let i = 0; ; i++) if (shardOf(`twin-${i}`) === shardOf(projectId)) return `twin-${i}`;
  }
});
