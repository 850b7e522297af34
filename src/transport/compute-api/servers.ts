import type { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Attachment } from '../../attachments/attachment.ts';
import type { Attachments } from '../../attachments/service.ts';
import type { Session } from '../../openstack/session.ts';
import { logOf } from '../request-log.ts';
import { rewriteLinks } from './links.ts';
import { isJson, type OnResponse } from './proxy.ts';

/** Maximum size of a response that attachments are added to. A page of 1,000 servers is about 3 MiB. */
const MAX_BYTES = 32 * 1024 * 1024;

const FIELD = 'os-extended-shares:shares_attached';

/** RFC 7234, 5.5: a miscellaneous warning without an agent. */
const WARNING = `199 - "${FIELD} is left out: the attachments cannot be read now"`;

interface ServersBody {
  server?: AnyServer;
  servers?: AnyServer[];
}
type AnyServer = Record<string, unknown>;

/**
 * Adds `os-extended-shares:shares_attached` to Nova's response for a server or a page of servers, with one read of the
 * store. If the store is unavailable, the response lacks the field and has a Warning. Servers of other projects, in an
 * admin's list, lack it too: attachments are read by project.
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
    const text = await readText(rewritten);
    const json = parse(text);
    const servers = serversIn(json).filter((server) => server.tenant_id === session.identity.projectId);
    // a Buffer, because Fastify adds a charset to the type of a string
    if (!json || servers.length === 0) return reply.send(Buffer.from(text));
    try {
      const lists = await attachments.listForServers(
        session,
        servers.map((server) => String(server.id)),
      );
      for (const [i, server] of servers.entries()) server[FIELD] = (lists[i] ?? []).map(view);
    } catch (error) {
      logOf(request).warn({ err: error }, 'responded without attachments');
      return reply.header('warning', WARNING).send(Buffer.from(text));
    }
    return reply.send(Buffer.from(JSON.stringify(json)));
  };
}

function view({ shareId, mountPoint, status }: Attachment) {
  return { id: shareId, mount_point: mountPoint, status };
}

function serversIn(json: ServersBody | null): AnyServer[] {
  const { server, servers = server ? [server] : [] } = json ?? {};
  return Array.isArray(servers) ? servers.filter((item) => typeof item?.id === 'string') : [];
}

async function readText(body: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

/** Parses a JSON object; null for anything else, which is sent unchanged. */
function parse(text: string): ServersBody | null {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === 'object' && json !== null ? json : null;
  } catch {
    return null;
  }
}
