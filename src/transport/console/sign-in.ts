import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Config } from '../../config.ts';
import { GatewayError } from '../../errors.ts';
import type { Cloud } from '../../openstack/cloud.ts';
import { detailsOf, OpenStackError } from '../../openstack/errors.ts';
import {
  issueProjectToken,
  issueUnscopedToken,
  listOwnProjects,
  type SignInContext,
} from '../../openstack/keystone/sign-in.ts';
import type { ClientAddresses } from '../client-address.ts';
import { RETRY_AFTER, sendError } from '../error-responses.ts';
import { logOf } from '../request-log.ts';

export interface SignInOptions {
  readonly config: Pick<Config, 'CONSOLE' | 'GRAPHIQL' | 'CONSOLE_LOGIN'>;
  readonly cloud: Cloud;
  readonly addresses: ClientAddresses;
}

/** Sign-ins and changes of project per client address, and sign-ins per user name, in a minute. */
const MAX_PER_ADDRESS = 30;
const MAX_PER_USER = 10;
const WINDOW_MS = 60_000;
/** How many addresses, and user names, are counted. */
const MAX_COUNTED = 10_000;
/** A sign-in is a few hundred bytes. */
const MAX_BODY_BYTES = 16_384;

const text = z.string().min(1).max(255);
const LOGIN = z.object({ user: text, domain: text, password: z.string().min(1).max(4096) });
const PROJECT = z.object({ projectId: text });
const TOKEN = z.string().regex(/^[\x21-\x7e]{1,8192}$/);

/**
 * What the sign-in of the pages needs: `POST /console/login` takes a user name and a password to Keystone, `/console/projects`
 * lists the projects of a token's user, and `/console/project` issues a token of one of them. Nothing of it is kept or
 * logged. Sign-ins are limited per address and per user name.
 */
export async function registerSignIn(app: FastifyInstance, { config, cloud, addresses }: SignInOptions) {
  if (!config.CONSOLE && !config.GRAPHIQL) return;
  await app.register(rateLimit, { global: false, cache: MAX_COUNTED });
  const perAddress = app.createRateLimit({
    max: MAX_PER_ADDRESS,
    timeWindow: WINDOW_MS,
    keyGenerator: (request) => addresses.of(request.raw),
  });
  const perUser = app.createRateLimit({
    max: MAX_PER_USER,
    timeWindow: WINDOW_MS,
    keyGenerator: (request) => JSON.stringify(userOf(request.body)),
  });
  const options = { bodyLimit: MAX_BODY_BYTES };
  const contextOf = (request: FastifyRequest) => ({ cloud, requestId: request.id, log: logOf(request) });

  app.post('/console/projects', options, async (request, reply) => {
    if (!(await isWithin(perAddress, request, reply))) return reply;
    const token = tokenOf(request);
    return { projects: await orError(() => listOwnProjects(contextOf(request), token)) };
  });

  app.post('/console/project', options, async (request, reply) => {
    if (!(await isWithin(perAddress, request, reply))) return reply;
    const { projectId } = parsed(PROJECT, request.body, '{"projectId": …}');
    const token = tokenOf(request);
    return { token: await orError(() => issueProjectToken(contextOf(request), token, projectId)) };
  });

  if (!config.CONSOLE_LOGIN) return;
  app.post('/console/login', options, async (request, reply) => {
    const credentials = parsed(LOGIN, request.body, '{"user": …, "domain": …, "password": …}');
    if (!(await isWithin(perAddress, request, reply)) || !(await isWithin(perUser, request, reply))) return reply;
    return await orError(() => logIn(contextOf(request), credentials));
  });
}

async function logIn(context: SignInContext, credentials: z.output<typeof LOGIN>) {
  const token = await issueUnscopedToken(context, credentials);
  return { token, projects: await listOwnProjects(context, token) };
}

function userOf(body: unknown) {
  const { data } = LOGIN.safeParse(body);
  return data && [data.user, data.domain];
}

type Limiter = ReturnType<FastifyInstance['createRateLimit']>;

/** Whether the request is within a limit; otherwise the error is sent. */
async function isWithin(limiter: Limiter, request: FastifyRequest, reply: FastifyReply): Promise<boolean> {
  const limit = await limiter(request);
  if (limit.isAllowed || !limit.isExceeded) return true;
  const seconds = limit.ttlInSeconds || Number(RETRY_AFTER);
  reply.header('retry-after', seconds);
  sendError(reply, 429, `Too many sign-ins: try again in ${seconds} s`, 'LIMIT_EXCEEDED');
  return false;
}

/** The body's shape is said, and never what came: it may contain a password. */
function parsed<T>(schema: z.ZodType<T>, body: unknown, expected: string): T {
  const { data, success } = schema.safeParse(body);
  if (!success) throw new GatewayError('BAD_USER_INPUT', `Expected ${expected}, each a text of at most 255 characters`);
  return data;
}

function tokenOf({ headers }: FastifyRequest): string {
  const { data } = TOKEN.safeParse(headers['x-auth-token']);
  if (!data) throw new GatewayError('UNAUTHENTICATED', 'Expected a Keystone token in X-Auth-Token');
  return data;
}

/** Keystone's own message is left out: an error about a field may quote its value. */
async function orError<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof OpenStackError)) throw error;
    const details = detailsOf(error);
    if (error.kind !== 'refused' || (error.status ?? 500) >= 500) {
      throw new GatewayError('UPSTREAM_UNAVAILABLE', 'Keystone cannot be asked now', details);
    }
    throw new GatewayError('UNAUTHENTICATED', rejectionOf(error), details);
  }
}

function rejectionOf({ status, upstreamMessage }: OpenStackError): string {
  if (status === 401 && /expired/i.test(upstreamMessage)) return 'The password, or the token, has expired';
  if (status === 401) return 'Keystone does not accept the user name, domain, password or project';
  return `Keystone refused the sign-in (${status})`;
}
