import { type Logger, pino } from 'pino';

/** Pino's number for `warn`. */
const WARN = 40;
/** Lines are written in batches of at least this many characters. */
const BATCH = 4096;
/** A line waits at most this long, in ms. */
const FLUSH_MS = 100;

/**
 * The log of the process: JSON lines to a file descriptor. Lines are written in batches, since a write costs more than a
 * line; warnings and errors are written at once, and the rest within 100 ms and when the process exits.
 */
export function createLog(level: string, fd = 1): Logger {
  const destination = pino.destination({ dest: fd, sync: true, minLength: BATCH, periodicFlush: FLUSH_MS });
  process.on('exit', () => destination.flushSync());
  return pino(
    {
      level,
      hooks: {
        logMethod(args, method, number) {
          method.apply(this, args);
          if (number >= WARN) destination.flushSync();
        },
      },
    },
    destination,
  );
}
