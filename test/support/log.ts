import { Writable } from 'node:stream';
import { type Logger, pino } from 'pino';

/** A log that a test can read: from `debug` on, line by line. */
export function hearingLog(): { log: Logger; lines: Record<string, unknown>[] } {
  const lines: Record<string, unknown>[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()));
      done();
    },
  });
  return { log: pino({ level: 'debug' }, stream), lines };
}
