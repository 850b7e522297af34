import type { Logger } from 'pino';
import { GatewayError } from '../../errors.ts';
import type { Cloud } from '../cloud.ts';
import { OpenStackError } from '../errors.ts';
import { type Call, invalidResponse } from '../http/call.ts';
import { firstOf, type Response } from '../http/response.ts';
import { send } from '../http/send.ts';
import type { Identity } from '../session.ts';
import { authRequest, type Credentials } from './credentials.ts';
import type { Catalog, Token } from './types.ts';

/** What Keystone knows of a token. */
export interface ValidatedToken {
  identity: Identity;
  catalog: Catalog;
}

/** A header's worth: Keystone's own tokens have a few hundred characters. */
const TOKEN = /^[\x21-\x7e]{1,8192}$/;

/**
 * Asks Keystone of a token, with the token's own right: any token may. Throws UNAUTHENTICATED for one that is unknown,
 * expired or revoked (404, or 401 as the asker), FORBIDDEN for one without a project, and an OpenStackError when Keystone
 * cannot say.
 */
export async function validateToken(
  cloud: Cloud,
  token: string,
  requestId: string,
  log: Logger,
  signal?: AbortSignal,
): Promise<ValidatedToken> {
  if (!TOKEN.test(token)) throw new GatewayError('UNAUTHENTICATED', 'Expected a token of Keystone in X-Auth-Token');
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

/** Signs in. Wrong credentials and a project that they do not reach are the same 401 (OpenStackError). */
export async function issueToken(
  cloud: Cloud,
  credentials: Credentials,
  requestId: string,
  log: Logger,
): Promise<ValidatedToken & { token: string }> {
  const call = { ...authTokens(cloud, 'POST', null, requestId, log), body: authRequest(credentials) };
  const answer = await send(call, cloud.settings.timeoutMs);
  const token = firstOf(answer.headers['x-subject-token']);
  if (token === null) throw invalidResponse(call, answer, 'X-Subject-Token');
  return { token, ...readToken(call, answer) };
}

/** Ends a token. Nova and Manila may go on taking it for up to 300 s, from keystonemiddleware's cache. */
export async function revokeToken(cloud: Cloud, token: string, requestId: string, log: Logger): Promise<void> {
  await send(authTokens(cloud, 'DELETE', token, requestId, log), cloud.settings.timeoutMs);
}

/** Rejects with an OpenStackError unless Keystone answers. Needs no token. */
export async function pingKeystone(cloud: Cloud, requestId: string, log: Logger, signal?: AbortSignal): Promise<void> {
  const call = {
    cloud,
    service: 'keystone' as const,
    method: 'GET' as const,
    url: cloud.authUrl,
    path: new URL(cloud.authUrl).pathname,
    token: null,
    requestId,
    log,
  };
  await send(call, cloud.settings.timeoutMs, signal);
}

function authTokens(cloud: Cloud, method: Call['method'], token: string | null, requestId: string, log: Logger): Call {
  return {
    cloud,
    service: 'keystone',
    method,
    url: `${cloud.authUrl}/auth/tokens`,
    path: '/auth/tokens',
    token,
    headers: token === null ? {} : { 'x-subject-token': token },
    requestId,
    log,
  };
}

/** A 404 without Keystone's fault in it is a wrong address, not a wrong token. */
function isUnknownToken(error: unknown): error is OpenStackError {
  if (!(error instanceof OpenStackError) || error.kind !== 'refused' || error.faultName === null) return false;
  return error.status === 401 || error.status === 404;
}

function readToken(call: Call, answer: Response): ValidatedToken {
  const { token } = (answer.body ?? {}) as { token?: Token };
  const expiresAt = Date.parse(token?.expires_at ?? '');
  if (!token?.user || Number.isNaN(expiresAt)) throw invalidResponse(call, answer, 'a token');
  if (!token.project) {
    throw new GatewayError('FORBIDDEN', `Expected a token scoped to a project, got ${tokenScopeOf(token)}`, {
      service: 'keystone',
    });
  }
  return {
    identity: {
      userId: token.user.id,
      userName: token.user.name,
      userDomainName: token.user.domain.name,
      projectId: token.project.id,
      projectName: token.project.name,
      projectDomainName: token.project.domain.name,
      roles: (token.roles ?? []).map((role) => role.name),
      ...(isDelegated(token) && { isDelegated: true }),
      expiresAt,
    },
    catalog: token.catalog ?? [],
  };
}

/** The ways to sign in as oneself (keystone auth/plugins); by any other, or with a trust, somebody lent a part of his rights. */
const OWN_METHODS = new Set(['password', 'token', 'totp', 'external', 'mapped', 'saml2', 'openid']);

function isDelegated({ methods, 'OS-TRUST:trust': trust }: Token): boolean {
  return trust !== undefined || !methods?.every((method) => OWN_METHODS.has(method));
}

function tokenScopeOf(token: Token): string {
  if (token.domain) return 'one scoped to a domain';
  return token.system ? 'one scoped to the system' : 'one without a scope';
}
