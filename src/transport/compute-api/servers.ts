import type { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Attachment } from '../../attachments/attachment.ts';
import type { Attachments } from '../../attachments/service.ts';
import { GatewayError } from '../../errors.ts';
import type { Session } from '../../openstack/session.ts';
import { logOf } from '../request-log.ts';
import { rewriteLinks } from './links.ts';
import { isJson, type OnResponse } from './proxy.ts';

/** Maximum size of a response that attachments are added to. A page of 1,000 servers is about 3 MiB. */
const MAX_BYTES = 32 * 1024 * 1024;

const FIELD = 'os-extended-shares:shares_attached';

/** RFC 7234, 5.5: a miscellaneous warning without an agent. */
const WARNING = `199 - "${FIELD} is left out: the attachments cannot be read now"`;

/**
 * Adds `os-extended-shares:shares_attached` to Nova's response for a server or a page of servers, with one read of the
 * store for each project. If the store is unavailable, the response lacks the field and has a Warning.
 */
export function withAttachments(
  request: FastifyRequest,
  reply: FastifyReply,
  session: Session,
  attachments: Attachments,
): OnResponse {
  return async ({ status, body, rewrite }) => {
    if (status !== 200 || !isJson(reply)) return reply.send(body);
    const isKnownSize = Number(reply.getHeader('content-length') ?? MAX_BYTES + 1) <= MAX_BYTES;
    reply.removeHeader('content-length');
    const rewritten = body.pipe(rewriteLinks(rewrite));
    body.once('error', (error) => rewritten.destroy(error));
    if (!isKnownSize) return reply.header('warning', WARNING).send(rewritten);
    const bytes = await readBytes(rewritten);
    const servers = findServers(bytes);
    if (servers.length === 0) return reply.send(bytes);
    try {
      const lists = await attachments.listForServersOf(
        session,
        servers.map(({ id, tenantId }) => ({ id, projectId: tenantId })),
      );
      return reply.send(insertFields(bytes, servers, lists));
    } catch (error) {
      logOf(request).warn({ err: error }, 'responded without attachments');
      return reply.header('warning', WARNING).send(bytes);
    }
  };
}

function view({ shareId, mountPoint, status, via = 'access_rule', virtiofs }: Attachment) {
  return { id: shareId, mount_point: mountPoint, status, via, tag: virtiofs?.tag ?? null };
}

/** A server in a response, and the index of the brace that ends it. */
interface ServerPosition {
  readonly id: string;
  readonly tenantId: string;
  readonly end: number;
}

/**
 * Inserts the attachments of each server at its end. All other bytes are unchanged: parsing and writing the JSON again
 * would round large numbers and drop duplicate keys.
 */
export function insertFields(
  bytes: Buffer,
  servers: readonly ServerPosition[],
  lists: readonly (readonly Attachment[])[],
) {
  const parts: Buffer[] = [];
  let start = 0;
  for (const [i, { end }] of servers.entries()) {
    const field = `, ${JSON.stringify(FIELD)}: ${JSON.stringify((lists[i] ?? []).map(view))}`;
    parts.push(bytes.subarray(start, end), Buffer.from(field));
    start = end;
  }
  return Buffer.concat([...parts, bytes.subarray(start)]);
}

/** The servers in `{"server": {…}}` or `{"servers": [{…}, …]}`, in order; none if the bytes are something else. */
export function findServers(bytes: Buffer): ServerPosition[] {
  try {
    return objectsBelow(bytes, ['server', 'servers']).flatMap(({ start, end }) => {
      const server = JSON.parse(bytes.toString('utf8', start, end + 1)) as { id?: unknown; tenant_id?: unknown };
      const { id, tenant_id: tenantId } = server;
      return typeof id === 'string' && typeof tenantId === 'string' ? [{ id, tenantId, end }] : [];
    });
  } catch {
    return [];
  }
}

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a];
const [OBJECT, OBJECT_END, LIST, LIST_END] = [0x7b, 0x7d, 0x5b, 0x5d];

/** The objects that are the value of one of the keys of the outermost object, or items of a list that is. */
function objectsBelow(bytes: Buffer, keys: readonly string[]): { start: number; end: number }[] {
  const found: { start: number; end: number }[] = [];
  const open: number[] = [];
  let key: string | null = null;
  let isKey = true;
  let start = -1;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    const depth = open.length;
    if (byte === QUOTE) {
      const end = endOfString(bytes, i);
      if (depth === 1 && isKey) key = bytes.toString('utf8', i + 1, end);
      i = end;
    } else if (byte === OBJECT || byte === LIST) {
      const isMember = depth === 1 || (depth === 2 && open[1] === LIST);
      if (byte === OBJECT && isMember && key !== null && keys.includes(key) && open[0] === OBJECT) start = i;
      open.push(byte);
    } else if (byte === OBJECT_END || byte === LIST_END) {
      open.pop();
      const isMember = depth === 2 || (depth === 3 && open[1] === LIST);
      if (byte === OBJECT_END && isMember && start >= 0) {
        found.push({ start, end: i });
        start = -1;
      }
    } else if (depth === 1 && byte === COMMA) isKey = true;
    else if (depth === 1 && byte === COLON) isKey = false;
  }
  return found;
}

/** The index of the quote that ends a string. */
function endOfString(bytes: Buffer, start: number): number {
  let i = start + 1;
  while (i < bytes.length && bytes[i] !== QUOTE) i += bytes[i] === BACKSLASH ? 2 : 1;
  return i;
}

/** Throws UPSTREAM_ERROR if Nova cuts off its response. */
async function readBytes(body: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of body) chunks.push(chunk as Buffer);
  } catch (error) {
    throw new GatewayError('UPSTREAM_ERROR', 'Nova cut off its response', { service: 'nova' }, { cause: error });
  }
  return Buffer.concat(chunks);
}
