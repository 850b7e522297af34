import { createGunzip } from 'node:zlib';
import type { FastifyReply, FastifyRequest, RequestPayload } from 'fastify';
import { sendError } from '../error-responses.ts';

/**
 * A `preParsing` hook that decompresses gzip bodies: Fastify counts the decompressed bytes and rejects more than
 * MAX_BODY_BYTES. Any other content encoding gets 415 with the supported ones in Accept-Encoding (RFC 9110, 15.5.16).
 */
export async function decompressBody(
  request: FastifyRequest,
  reply: FastifyReply,
  payload: RequestPayload,
): Promise<RequestPayload | undefined> {
  const encoding = request.headers['content-encoding']?.trim().toLowerCase();
  if (encoding === undefined || encoding === '' || encoding === 'identity') return payload;
  if (encoding !== 'gzip' && encoding !== 'x-gzip') {
    sendError(reply.header('accept-encoding', 'gzip'), 415, 'Expected the content encoding gzip, or none');
    return undefined;
  }
  const body: RequestPayload = createGunzip();
  body.receivedEncodedLength = 0;
  payload.on('data', (chunk: Buffer) => {
    body.receivedEncodedLength = (body.receivedEncodedLength ?? 0) + chunk.length;
  });
  payload.on('error', (error) => body.destroy(error));
  body.on('error', (error) => Object.assign(error, { statusCode: 400, message: 'Expected a body in gzip format' }));
  reply.raw.once('close', () => body.destroy());
  return payload.pipe(body as ReturnType<typeof createGunzip>);
}
