import { once } from 'node:events';
import { PassThrough, type Writable } from 'node:stream';
import { expect, test } from '@jest/globals';
import * as ws from 'ws';
import { textFrame } from '../../src/transport/graphql-ws/frame.ts';

/** What reads frames in ws; its types leave it out. */
const { Receiver } = ws as unknown as { Receiver: new (options: { isServer: boolean }) => Writable };

test.each([0, 1, 125, 126, 127, 65_535, 65_536, 100_000])(
  '%i bytes of text -> as a client reads it',
  async (length) => {
    const text = 'x'.repeat(length);
    expect(await read(textFrame(text))).toEqual([text, false]);
  },
);

test('text beyond ASCII -> counted in bytes', async () => {
  const text = 'ü€😀'.repeat(20);
  expect(await read(textFrame(text))).toEqual([text, false]);
});

test('several frames in one stream -> each by itself', async () => {
  const receiver = new Receiver({ isServer: false });
  const messages: string[] = [];
  receiver.on('message', (data) => messages.push(String(data)));
  const stream = new PassThrough();
  stream.pipe(receiver);
  stream.end(Buffer.concat(['a', 'b'.repeat(200), ''].map(textFrame)));
  await once(receiver, 'finish');
  expect(messages).toEqual(['a', 'b'.repeat(200), '']);
});

async function read(frame: Buffer): Promise<[string, boolean]> {
  const receiver = new Receiver({ isServer: false });
  const message = once(receiver, 'message');
  receiver.write(frame);
  const [data, isBinary] = await message;
  return [String(data), isBinary];
}
