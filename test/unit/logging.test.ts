import { spawnSync } from 'node:child_process';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { batchLines } from '../../src/logging.ts';
import { buildGateway } from '../support/build.ts';
import { until } from '../support/until.ts';

/** A log over what would be written, write by write. */
function batched() {
  const writes: string[] = [];
  const batches = batchLines({ write: (batch) => void writes.push(batch) });
  return { log: pino({ base: null, timestamp: false }, batches), writes };
}

const linesOf = (batch: string | undefined) => (batch ?? '').split('\n').filter((line) => line !== '');

describe('lines are joined to batches', () => {
  test('a few lines -> one write, after a while, in order', async () => {
    const { log, writes } = batched();
    log.info('one');
    log.debug('not at this level');
    log.info('two');
    expect(writes).toEqual([]);
    await until(() => writes.length > 0);
    expect(writes).toEqual(['{"level":30,"msg":"one"}\n{"level":30,"msg":"two"}\n']);
  });

  test('a warning -> written at once, behind what waited', () => {
    const { log, writes } = batched();
    log.info('one');
    log.warn('two');
    expect(writes).toEqual(['{"level":30,"msg":"one"}\n{"level":40,"msg":"two"}\n']);
  });

  test('an error of a child -> written at once', () => {
    const { log, writes } = batched();
    log.child({ requestId: 'req-1' }).error('one');
    expect(writes).toEqual(['{"level":50,"requestId":"req-1","msg":"one"}\n']);
  });

  test('many lines -> written as soon as there are 4096 characters, none twice', () => {
    const { log, writes } = batched();
    for (let n = 0; n < 300; n++) log.info({ n }, 'x'.repeat(20));
    log.warn('last');
    expect(writes.length).toBeGreaterThan(2);
    for (const batch of writes.slice(0, -1)) expect(batch.length).toBeGreaterThanOrEqual(4096);
    expect(linesOf(writes.join('')).map((line) => JSON.parse(line).n)).toEqual([...Array(300).keys(), undefined]);
  });
});

describe('the process ends', () => {
  beforeAll(() => buildGateway());

  test.each([
    ['by an error that nobody catches', 'setImmediate(() => { throw new Error("broken"); })', 1],
    ['by process.exit', 'process.exit(0)', 0],
    ['with nothing left to do', '', 0],
  ])('%s -> its last line is written', (_how, end, status) => {
    const program = `import { createLog } from './dist/logging.js'; createLog('info').info('last words'); ${end}`;
    const ended = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
    expect(linesOf(ended.stdout).map((line) => JSON.parse(line).msg)).toEqual(['last words']);
    expect(ended.status).toBe(status);
  });
});
