import type { Logger } from 'pino';
import { z } from 'zod';
import { GatewayError } from '../../errors.ts';
import type { Cloud } from '../cloud.ts';
import { OpenStackError } from '../errors.ts';
import { type Call, invalidResponse, UNSCOPED } from '../http/call.ts';
import { firstOf, type Response } from '../http/response.ts';
import { send } from '../http/send.ts';
import type { Identity } from '../session.ts';
import { timeOf } from '../timestamp.ts';
import type { Catalog, CatalogEntry, Credentials } from './types.ts';

/** A token's identity and catalog, as Keystone validated it. */
export interface ValidatedToken {
  identity: Identity;
  catalog: Catalog;
}

/** What can be sent in a header. Keystone's tokens have a few hundred characters. */
const TOKEN = /^[\x21-\x7e]{1,8192}$/;

/**
 * Validates a token with the token itself, which Keystone allows for every token. Throws UNAUTHENTICATED if it is unknown,
 * expired or revoked (404, or 401 for the request itself), FORBIDDEN if it is not scoped to a project, and an
 * OpenStackError if Keystone cannot validate it.
 */
export async function validateToken(
  cloud: Cloud,
  token: string,
  requestId: string,
  log: Logger,
  signal?: AbortSignal,
): Promise<ValidatedToken> {
  if (!TOKEN.test(token)) throw new GatewayError('UNAUTHENTICATED', 'Expected a Keystone token in X-Auth-Token');
  const call = authTokens(cloud, 'GET', token, requestId, log);
  try {
    return readToken(call, await send(call, cloud.settings.timeoutMs, signal));
  } catch (error) {
    if (!isUnknownToken(error)) throw error;
    const details = {
      service: 'keystone',
      ...(error.status === null ? {} : { status: error.status }),
      ...(error.openstackRequestId === null ? {} : { openstackRequestId: error.openstackRequestId }),
    };
    throw new GatewayError('UNAUTHENTICATED', 'Keystone does not know the token, or it has expired', details, {
      cause: error,
    });
  }
}

/** Issues a token. Wrong credentials and a project without a role assignment are the same 401 (OpenStackError). */
export async function issueToken(
  cloud: Cloud,
  credentials: Credentials,
  requestId: string,
  log: Logger,
): Promise<ValidatedToken & { token: string }> {
  const call = { ...authTokens(cloud, 'POST', null, requestId, log), body: authRequest(credentials) };
  const response = await send(call, cloud.settings.timeoutMs);
  const token = firstOf(response.headers['x-subject-token']);
  if (token === null) throw invalidResponse(call, response, 'X-Subject-Token');
  return { token, ...readToken(call, response) };
}

/** Revokes a token. Nova and Manila may accept it for up to 300 s more, from keystonemiddleware's cache. */
export async function revokeToken(cloud: Cloud, token: string, requestId: string, log: Logger): Promise<void> {
  await send(authTokens(cloud, 'DELETE', token, requestId, log), cloud.settings.timeoutMs);
}

/** Rejects with an OpenStackError unless Keystone responds. Needs no token. */
export async function pingKeystone(cloud: Cloud, requestId: string, log: Logger, signal?: AbortSignal): Promise<void> {
  const call = {
    cloud,
    service: 'keystone' as const,
    method: 'GET' as const,
    url: cloud.authUrl,
    path: new URL(cloud.authUrl).pathname,
    token: null,
    project: PING,
    requestId,
    log,
  };
  await send(call, cloud.settings.timeoutMs, signal);
}

/** Shares of the connections to Keystone beside UNSCOPED, which invalid tokens cannot use up. */
const OWN_ACCOUNT = 'the gateway’s own account';
const PING = 'health check';

function authTokens(cloud: Cloud, method: Call['method'], token: string | null, requestId: string, log: Logger): Call {
  return {
    cloud,
    service: 'keystone',
    method,
    url: `${cloud.authUrl}/auth/tokens`,
    path: '/auth/tokens',
    token,
    project: token === null ? OWN_ACCOUNT : UNSCOPED,
    headers: token === null ? {} : { 'x-subject-token': token },
    requestId,
    log,
  };
}

/** A 404 without a Keystone fault means a wrong URL, not an unknown token. */
function isUnknownToken(error: unknown): error is OpenStackError {
  if (!(error instanceof OpenStackError) || error.kind !== 'refused' || error.faultName === null) return false;
  return error.status === 401 || error.status === 404;
}

function readToken(call: Call, response: Response): ValidatedToken {
  const parsed = TOKEN_BODY.safeParse(response.body);
  const expiresAt = timeOf(parsed.data?.token.expires_at);
  if (!parsed.success || expiresAt === null) throw invalidResponse(call, response, 'a token');
  const { token } = parsed.data;
  const { user, project } = token;
  if (!project) {
    throw new GatewayError('FORBIDDEN', `Expected a token scoped to a project, got ${tokenScopeOf(token)}`, {
      service: 'keystone',
    });
  }
  return {
    identity: {
      userId: user.id,
      userName: user.name ?? '',
      userDomainName: user.domain?.name ?? '',
      projectId: project.id,
      projectName: project.name ?? '',
      projectDomainName: project.domain?.name ?? '',
      roles: (token.roles ?? []).map((role) => role.name),
      ...(isDelegated(token) && { isDelegated: true }),
      expiresAt,
    },
    catalog: (token.catalog ?? []).flatMap(readCatalogEntry),
  };
}

const OWNER = z.object({
  id: z.string(),
  name: z.string().nullish(),
  domain: z.object({ name: z.string().nullish() }).nullish(),
});
const TOKEN_BODY = z.object({
  token: z.object({
    methods: z.array(z.string()).nullish(),
    'OS-TRUST:trust': z.unknown().optional(),
    user: OWNER,
    project: OWNER.nullish(),
    domain: z.unknown().optional(),
    system: z.unknown().optional(),
    roles: z.array(z.object({ name: z.string() })).nullish(),
    catalog: z.array(z.unknown()).nullish(),
    expires_at: z.string(),
  }),
});
type TokenBody = z.output<typeof TOKEN_BODY>['token'];

const ENDPOINT = z.object({
  interface: z.string(),
  region: z.string().nullish().default(null),
  region_id: z.string().nullish().default(null),
  url: z.string(),
});
const CATALOG_ENTRY = z.object({ type: z.string(), endpoints: z.array(z.unknown()).nullish() });

/** An entry with its valid endpoints. An endpoint without a URL, or with fields of other types, is left out. */
function readCatalogEntry(entry: unknown): CatalogEntry[] {
  const { data } = CATALOG_ENTRY.safeParse(entry);
  if (!data) return [];
  const endpoints = (data.endpoints ?? []).map((endpoint) => ENDPOINT.safeParse(endpoint).data);
  return [{ type: data.type, endpoints: endpoints.filter((endpoint) => endpoint !== undefined) }];
}

/** Methods of a token with all rights of its user (keystone auth/plugins). Other methods, and trusts, delegate a part of them. */
const OWN_METHODS = new Set(['password', 'token', 'totp', 'external', 'mapped', 'saml2', 'openid']);

function isDelegated({ methods, 'OS-TRUST:trust': trust }: TokenBody): boolean {
  return (trust ?? null) !== null || !methods?.every((method) => OWN_METHODS.has(method));
}

function tokenScopeOf(token: TokenBody): string {
  if (token.domain) return 'one scoped to a domain';
  return token.system ? 'one scoped to the system' : 'one without a scope';
}

/** The body of `POST /auth/tokens`. An application credential implies its project: Keystone rejects a scope next to it. */
function authRequest(credentials: Credentials): unknown {
  if (credentials.method === 'password') {
    const { user, password, project } = credentials;
    return {
      auth: { identity: { methods: ['password'], password: { user: { ...user, password } } }, scope: { project } },
    };
  }
  const { application, secret } = credentials;
  return {
    auth: {
      identity: { methods: ['application_credential'], application_credential: { ...application, secret } },
    },
  };
}
