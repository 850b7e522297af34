import type { Socket } from 'node:net';

const NEWLINE = Buffer.from('\r\n');

/** Parses the commands that a Redis client sends: arrays of bulk strings, with the bytes received. */
export function readCommands(client: Socket, take: (command: Buffer[], raw: Buffer) => void): void {
  let rest: Buffer = Buffer.alloc(0);
  client.on('data', (bytes: Buffer) => {
    rest = rest.length > 0 ? Buffer.concat([rest, bytes]) : bytes;
    for (let read = readCommand(rest); read; read = readCommand(rest)) {
      take(read.command, rest.subarray(0, read.end));
      rest = rest.subarray(read.end);
    }
  });
}

/** The first command, and where it ends; null while it is incomplete. */
function readCommand(bytes: Buffer): { command: Buffer[]; end: number } | null {
  const head = readNumber(bytes, 0, '*');
  if (!head) return null;
  const command: Buffer[] = [];
  let at = head.end;
  for (let word = 0; word < head.number; word++) {
    const size = readNumber(bytes, at, '$');
    if (!size || bytes.length < size.end + size.number + NEWLINE.length) return null;
    command.push(bytes.subarray(size.end, size.end + size.number));
    at = size.end + size.number + NEWLINE.length;
  }
  return { command, end: at };
}

function readNumber(bytes: Buffer, from: number, sign: string): { number: number; end: number } | null {
  const line = bytes.indexOf(NEWLINE, from);
  if (line < 0) return null;
  const text = bytes.toString('latin1', from, line);
  if (text[0] !== sign)
    throw new Error(`Expected ${sign} and a number from a Redis client, got ${JSON.stringify(text.slice(0, 40))}`);
  return { number: Number(text.slice(1)), end: line + NEWLINE.length };
}
