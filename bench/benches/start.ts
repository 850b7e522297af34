/** `start`: from `node` to ready, including the sandbox cloud. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { MAIN } from '../gateway.ts';
import { freePort } from '../processes.ts';
import { barOf, type Line, median, number } from '../table.ts';

const TIMES = 5;

export async function start(): Promise<Line[]> {
  const times: number[] = [];
  for (let i = 0; i < TIMES; i++) times.push(await startOnce());
  const seconds = median(times) / 1000;
  return [
    {
      bench: 'start: sandbox included',
      stack: 'gateway',
      figures: { 's to ready': number(seconds, 2), slowest: number(Math.max(...times) / 1000, 2) },
      bar: barOf('s', seconds, { atMost: 1.5 }),
    },
  ];
}

async function startOnce(): Promise<number> {
  const port = await freePort();
  const startedAt = performance.now();
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, PORT: String(port), SANDBOX_PORT: '0' };
  const child = spawn(process.execPath, [MAIN], { stdio: 'ignore', env });
  try {
    for (;;) {
      if (child.exitCode !== null) throw new Error(`the gateway ended with ${child.exitCode}`);
      const isReady = await fetch(`http://127.0.0.1:${port}/readyz`).then(
        ({ status }) => status === 200,
        () => false,
      );
      if (isReady) return performance.now() - startedAt;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  } finally {
    child.kill();
    await once(child, 'exit');
  }
}
