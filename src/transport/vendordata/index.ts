/** The target of Nova's dynamic vendor data: which shares a guest mounts, and the installer of its agent. docs/guest.md. */
import { readFileSync } from 'node:fs';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { GuestDocument } from '../../attachments/guest/document.ts';
import type { Config } from '../../config.ts';
import { withTimeout } from '../../deadline.ts';
import { GatewayError } from '../../errors.ts';
import type { Metrics } from '../../metrics/metrics.ts';
import type { Session } from '../../openstack/session.ts';
import type { Authenticate } from '../authenticate.ts';
import { countRoutesFor, logFieldsOf, logOf } from '../request-log.ts';

/** How long one answer may take, in ms: Nova's guest waits for it, and gives up after 5 s. */
const ANSWER_MS = 1000;
/** The largest body: 64 KiB of user data in base64, and the server's metadata. */
const MAX_BODY = 262_144;
/** Seconds after which Nova's next request for a project that is being recovered may find it. */
const RETRY_AFTER = '5';

/** The installer, which begins with `#!`: cloud-init runs the text under its key as a script (cloudinit/sources/__init__.py). */
const INSTALLER = new URL('../../../guest/install.sh', import.meta.url);

/** What Nova sends of the server (nova api/metadata/vendordata_dynamic.py). All else of it is dropped unread. */
const REQUEST = z.object({
  'project-id': z.string().regex(/^[\w-]{1,64}$/),
  'instance-id': z.uuid(),
});

export interface VendordataOptions {
  readonly config: Config;
  readonly metrics?: Metrics | undefined;
  readonly authenticate: Authenticate;
  /** The guest's list from the store alone; null while the project's records are being recovered. */
  readonly guestDocument: (
    session: Session,
    server: { projectId: string; serverId: string },
  ) => Promise<GuestDocument | null>;
}

/**
 * `POST /vendordata` and `POST /vendordata/cloud-init`, for Nova's own user. Nova shows every failure to the guest as `{}`
 * with status 200, so each is one line of `warn` here. The body may hold secrets: it is never logged.
 */
export async function registerVendordata(app: FastifyInstance, options: VendordataOptions): Promise<void> {
  const installer = readFileSync(INSTALLER, 'utf8');
  await app.register(
    async (api) => {
      countRoutesFor(api, 'vendordata');
      api.addHook('onResponse', (request, reply, done) => {
        const document = request.routeOptions.url?.endsWith('cloud-init') ? 'installer' : 'shares';
        options.metrics?.count('nmg_vendordata_requests_total', { document, outcome: outcomeOf(request, reply) });
        done();
      });
      api.setErrorHandler((error, request, reply) => sendFailure(error, request, reply));
      api.post('/', { bodyLimit: MAX_BODY }, async (request, reply) => {
        const session = await authenticateNova(options, request);
        const server = readServer(request.body);
        const document = await withTimeout(ANSWER_MS, (signal) =>
          options.guestDocument({ ...session, signal }, server),
        );
        if (document) return reply.send(document);
        logOf(request).warn({ ...server }, 'vendor data: the project’s attachments are being recovered');
        logFieldsOf(request).code = RECOVERING;
        return reply.code(503).header('retry-after', RETRY_AFTER).send({});
      });
      api.post('/cloud-init', { bodyLimit: MAX_BODY }, async (request, reply) => {
        await authenticateNova(options, request);
        return reply.type('application/json').send(JSON.stringify(installer));
      });
    },
    { prefix: '/vendordata' },
  );
}

async function authenticateNova(
  { config, authenticate }: VendordataOptions,
  request: FastifyRequest,
): Promise<Session> {
  const token = request.headers['x-auth-token'];
  const session = await authenticate(Array.isArray(token) ? token[0] : token, {
    requestId: request.id,
    log: logOf(request),
  });
  const { identity } = session;
  logFieldsOf(request).identity = identity;
  const { VENDORDATA_ROLES: roles, VENDORDATA_USERS: users } = config;
  const isAllowed = users.length === 0 || users.includes(identity.userId) || users.includes(identity.userName);
  if (isAllowed && identity.roles.some((role) => roles.includes(role))) return session;
  throw new GatewayError(
    'FORBIDDEN',
    `Vendor data is for Nova's own user: expected one of the roles ${roles.join(', ')}`,
  );
}

function readServer(body: unknown): { projectId: string; serverId: string } {
  const read = REQUEST.safeParse(body);
  if (read.success) return { projectId: read.data['project-id'], serverId: read.data['instance-id'].toLowerCase() };
  const fields = read.error.issues.map(({ path }) => path.join('.') || 'body').join(', ');
  throw new GatewayError(
    'BAD_USER_INPUT',
    `Expected JSON with project-id and instance-id, as Nova sends it; invalid: ${fields}`,
  );
}

/** The code in the log of a request for a project whose attachments are being recovered. */
const RECOVERING = 'RECOVERING';

/** What became of a request, as metrics name it. */
function outcomeOf(request: FastifyRequest, { statusCode }: FastifyReply): string {
  if (statusCode < 400) return 'ok';
  if (logFieldsOf(request).code === RECOVERING) return 'recovering';
  return { 401: 'unauthenticated', 403: 'forbidden' }[statusCode] ?? (statusCode < 500 ? 'invalid' : 'unavailable');
}

const STATUSES: Partial<Record<GatewayError['code'], number>> = {
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  BAD_USER_INPUT: 400,
  LIMIT_EXCEEDED: 503,
};

/** What went wrong, in the log and to Nova. Of a body that is no JSON nothing is said: the parser would quote it. */
function sendFailure(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const status = error instanceof GatewayError ? (STATUSES[error.code] ?? 503) : statusOf(error);
  const reason =
    error instanceof GatewayError
      ? error.message
      : status < 500
        ? 'the body is not what Nova sends'
        : 'no answer in time';
  const log = logOf(request);
  if (error instanceof GatewayError) logFieldsOf(request).code = error.code;
  if (status >= 500 && !(error instanceof GatewayError)) log.warn({ status, err: error }, `vendor data: ${reason}`);
  else log.warn({ status }, `vendor data: ${reason}`);
  return reply.code(status).send({ error: reason });
}

function statusOf(error: unknown): number {
  const { statusCode } = error as { statusCode?: unknown };
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500 ? statusCode : 503;
}
