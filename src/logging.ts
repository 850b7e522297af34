import { type DestinationStream, type Logger, pino } from 'pino';

/** Pino's number for `warn`. */
const WARN = 40;
/** So many characters are written at once. */
const BATCH = 4096;
/** No line waits longer, in ms. */
const LONGEST_WAIT_MS = 100;

/**
 * The log of a process: JSON lines to a file descriptor, several with one write, as a write costs more than a line. Warnings
 * and errors are written at once with what waits before them; the rest at the latest after 100 ms, and when the process exits,
 * also by an error that nobody catches.
 */
export function createLog(level: string, fd = 1): Logger {
  const batches = batchLines(pino.destination({ dest: fd, sync: true }));
  process.on('exit', batches.flush);
  return pino({ level }, batches);
}

/** Joins lines to batches. What pino is to write to: with `Symbol.for('pino.metadata')` it tells the level of each line. */
export function batchLines(destination: DestinationStream) {
  let waiting = '';
  let timer: NodeJS.Timeout | null = null;
  function flush(): void {
    if (timer) clearTimeout(timer);
    timer = null;
    const batch = waiting;
    waiting = '';
    if (batch !== '') destination.write(batch);
  }
  return {
    [Symbol.for('pino.metadata')]: true,
    lastLevel: 0,
    write(line: string): void {
      waiting += line;
      if (this.lastLevel >= WARN || waiting.length >= BATCH) flush();
      else timer ??= setTimeout(flush, LONGEST_WAIT_MS).unref();
    },
    flush,
  };
}
