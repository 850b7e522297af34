import type { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Attachment } from '../../attachments/attachment.ts';
import type { Attachments } from '../../attachments/service.ts';
import type { Session } from '../../openstack/session.ts';
import { logOf } from '../request-log.ts';
import { rewriteLinks } from './links.ts';
import { isJson, type OnResponse } from './proxy.ts';

/** The largest answer that attachments are put into: a page of 1,000 servers has about 3 MiB. */
const MAX_BYTES = 32 * 1024 * 1024;

const FIELD = 'os-extended-shares:shares_attached';

/** RFC 7234, 5.5: "miscellaneous", by nobody in particular. */
const WARNING = `199 - "${FIELD} is left out: the attachments cannot be read now"`;

interface ServersBody {
  server?: AnyServer;
  servers?: AnyServer[];
}
type AnyServer = Record<string, unknown>;

/**
 * Puts `os-extended-shares:shares_attached` into Nova's answer on a server or on a page of servers, with one look into the
 * store. What the gateway cannot say must not cost what Nova said: without the store the field is missing, and a Warning
 * says so. Servers of other projects (an admin's lists) have no field: the gateway reads attachments by project.
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
    const turned = body.pipe(rewriteLinks(rewrite));
    body.once('error', (error) => turned.destroy(error));
    if (!isKnownSize) return reply.header('warning', WARNING).send(turned);
    const text = await readText(turned);
    const answer = parse(text);
    const servers = serversIn(answer).filter((server) => server.tenant_id === session.identity.projectId);
    // bytes: the framework would add a charset to the type of a text
    if (!answer || servers.length === 0) return reply.send(Buffer.from(text));
    try {
      const lists = await attachments.listForServers(
        session,
        servers.map((server) => String(server.id)),
      );
      for (const [i, server] of servers.entries()) server[FIELD] = (lists[i] ?? []).map(view);
    } catch (error) {
      logOf(request).warn({ err: error }, 'answered without attachments');
      return reply.header('warning', WARNING).send(Buffer.from(text));
    }
    return reply.send(Buffer.from(JSON.stringify(answer)));
  };
}

function view({ shareId, mountPoint, status }: Attachment) {
  return { id: shareId, mount_point: mountPoint, status };
}

function serversIn(answer: ServersBody | null): AnyServer[] {
  const { server, servers = server ? [server] : [] } = answer ?? {};
  return Array.isArray(servers) ? servers.filter((one) => typeof one?.id === 'string') : [];
}

async function readText(body: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

/** null for what is no JSON object: it goes back as it is. */
function parse(text: string): ServersBody | null {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === 'object' && json !== null ? json : null;
  } catch {
    return null;
  }
}
