import { isatty } from 'node:tty';
import { type Logger, pino } from 'pino';
import pretty from 'pino-pretty';

/** Pino's number for `warn`. */
const WARN = 40;
/** Lines are written in batches of at least this many characters. */
const BATCH = 4096;
/** A line waits at most this long, in ms. */
const FLUSH_MS = 100;

/** How lines are written: for people, for programs, or for people in a terminal and for programs elsewhere. */
export type LogFormat = 'pretty' | 'json' | 'auto';

/**
 * The log of the process, on a file descriptor. JSON lines are written in batches, since a write costs more than a line;
 * warnings and errors are written at once, and the rest within 100 ms and when the process exits.
 */
export function createLog(level: string, fd = 1, format: LogFormat = 'auto'): Logger {
  if (format === 'pretty' || (format === 'auto' && isatty(fd))) return createPrettyLog(level, fd);
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

/** One line for each entry, with colours in a terminal, written at once. */
function createPrettyLog(level: string, fd: number): Logger {
  const stream = pretty({
    destination: fd,
    sync: true,
    singleLine: true,
    colorize: isatty(fd) && process.env['NO_COLOR'] === undefined,
    translateTime: 'SYS:HH:MM:ss.l',
    ignore: 'pid,hostname',
  });
  return pino({ level }, stream);
}
