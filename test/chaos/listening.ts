import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A running example listener. */
export interface Listening {
  /** The cursors of the events that it printed, in that order. */
  readonly cursors: readonly string[];
  stop(): void;
}

/** Starts examples/listener.mjs; it resumes from the cursor in the file. */
export function startListener(url: string, cursorFile: string, token: string): Listening {
  const program = spawn(process.execPath, ['examples/listener.mjs', url, cursorFile], {
    env: { ...process.env, OS_TOKEN: token },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const end = () => void program.kill('SIGKILL');
  process.once('exit', end);
  program.once('exit', () => process.off('exit', end));
  const cursors: string[] = [];
  createInterface({ input: program.stdout }).on('line', (line) => {
    cursors.push((JSON.parse(line) as { cursor: string }).cursor);
  });
  return { cursors, stop: end };
}
