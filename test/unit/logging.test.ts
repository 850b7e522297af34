import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { buildGateway } from '../support/build.ts';

beforeAll(() => buildGateway());

const ARGS = ['--input-type=module', '-e'];
const program = (code: string) =>
  `import { createLog } from './dist/logging.js'; const log = createLog('info'); ${code}`;
const linesOf = (output: string) => output.split('\n').filter((line) => line !== '');
const messagesOf = (output: string) => linesOf(output).map((line) => JSON.parse(line).msg);

describe('the process runs on', () => {
  /** The chunks that a program writes, until it has written the last message. */
  async function chunksUntil(last: string, code: string): Promise<string[]> {
    const child = spawn(process.execPath, [...ARGS, program(`${code}; setInterval(() => {}, 60_000);`)]);
    const chunks: string[] = [];
    try {
      while (!chunks.join('').includes(`"msg":"${last}"`)) chunks.push(String((await once(child.stdout, 'data'))[0]));
    } finally {
      child.kill('SIGKILL');
    }
    return chunks;
  }

  test('a few lines -> one write, in order', async () => {
    const chunks = await chunksUntil('two', "log.info('one'); log.debug('not at this level'); log.info('two')");
    expect(chunks.map(messagesOf)).toEqual([['one', 'two']]);
  });

  test.each(['warn', 'error', 'fatal'])('%s -> written at once, after the lines before it', async (level) => {
    const code = `log.info('one'); log.child({ requestId: 'req-1' }).${level}('two'); process.kill(process.pid, 'SIGKILL')`;
    const { stdout } = spawnSync(process.execPath, [...ARGS, program(code)], { encoding: 'utf8' });
    expect(messagesOf(stdout)).toEqual(['one', 'two']);
  });

  test('many lines -> all are written, in order, none twice', async () => {
    const chunks = await chunksUntil('last', "for (let n = 0; n < 2000; n++) log.info({ n }, 'x'); log.info('last')");
    const numbers = linesOf(chunks.join('')).map((line) => JSON.parse(line).n);
    expect(numbers).toEqual([...Array(2000).keys(), undefined]);
  });
});

describe('the process ends', () => {
  test.each([
    ['by an uncaught error', 'setImmediate(() => { throw new Error("broken"); })', 1],
    ['by process.exit', 'process.exit(0)', 0],
    ['with nothing left to do', '', 0],
  ])('%s -> its last line is written', (_how, end, status) => {
    const ended = spawnSync(process.execPath, [...ARGS, program(`log.info('last'); ${end}`)], { encoding: 'utf8' });
    expect(messagesOf(ended.stdout)).toEqual(['last']);
    expect(ended.status).toBe(status);
  });
});
