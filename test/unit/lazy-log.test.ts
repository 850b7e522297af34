import { describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { lazyChild } from '../../src/lazy-log.ts';

describe('a child that is made with its first line', () => {
  test('writes what a child writes, on every level, with children of its own', () => {
    const lines: string[] = [];
    const log = pino({ level: 'trace', timestamp: false }, { write: (line) => void lines.push(line) });
    const bindings = { requestId: 'req-1' };
    for (const child of [log.child(bindings), lazyChild(log, bindings)]) {
      for (const level of ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const) child[level]({ a: 1 }, 'b');
      child.error({ err: new TypeError('c') }, 'd');
      child.child({ userId: 'u1' }).info('e');
      lazyChild(child, { userId: 'u1' }).info('e');
    }
    const half = lines.length / 2;
    const withoutStack = (line: string) => line.replace(/"stack":".*?"/, '');
    expect(lines.slice(half).map(withoutStack)).toEqual(lines.slice(0, half).map(withoutStack));
    expect(lines).toHaveLength(18);
  });

  test('no line -> never made; several -> made once', () => {
    const log = pino({ level: 'info' }, { write: () => {} });
    let made = 0;
    log.onChild = () => {
      made++;
    };
    const child = lazyChild(log, { requestId: 'req-1' });
    expect(made).toBe(0);
    child.info('a');
    child.warn('b');
    expect(child.level).toBe('info');
    expect(made).toBe(1);
  });
});
