import type { Logger } from 'pino';
import { GatewayError } from '../../errors.ts';
import type { Cloud } from '../cloud.ts';
import { OpenStackError } from '../errors.ts';
import { newRequestId, type Session } from '../session.ts';
import { issueToken, type ValidatedToken } from './client.ts';
import type { Credentials } from './types.ts';

/** The gateway's own credentials, as sessions. */
export interface ServiceAccount {
  /** A session whose token is valid for at least another minute. Throws UPSTREAM_ERROR if Keystone rejects the credentials. */
  session(requestId: string): Promise<Session>;
  /** Discards the token after a 401. With a session, only if its token is still the current one. */
  invalidate(session?: Session): void;
}

type Issued = ValidatedToken & { token: string };

/** A token that expires sooner than this is replaced, in ms. */
const MIN_LIFETIME_MS = 60_000;

/** Keeps one token, in memory only. Concurrent callers share one request for it; a failure is not kept. */
export function createServiceAccount(cloud: Cloud, credentials: Credentials, log: Logger): ServiceAccount {
  let issued: Promise<Issued> | null = null;
  let current: Issued | null = null;

  function issue(): Promise<Issued> {
    const attempt = signIn(cloud, credentials, log).then(
      (fresh) => {
        if (issued === attempt) current = fresh;
        return fresh;
      },
      (error: unknown) => {
        if (issued === attempt) issued = null;
        throw error;
      },
    );
    return attempt;
  }

  function invalidate(session?: Session): void {
    if (session && session.token !== current?.token) return;
    issued = null;
    current = null;
  }

  return {
    async session(requestId) {
      if (current && current.identity.expiresAt - Date.now() < MIN_LIFETIME_MS) invalidate();
      issued ??= issue();
      const { token, identity, catalog } = await issued;
      return { cloud, token, identity, catalog, requestId, log };
    },
    invalidate,
  };
}

/**
 * Signs in once, at start. Throws UPSTREAM_ERROR if Keystone rejects the credentials. Any other failure is only logged:
 * Keystone may become available later.
 */
export async function checkCredentials(account: ServiceAccount, log: Logger): Promise<void> {
  try {
    await account.session(newRequestId());
  } catch (error) {
    if (error instanceof GatewayError && error.code !== 'UPSTREAM_UNAVAILABLE') throw error;
    log.warn({ err: error }, 'the gateway’s own credentials cannot be checked now');
  }
}

/** Issues a token with a request id of its own, because several requests may wait for it. */
async function signIn(cloud: Cloud, credentials: Credentials, log: Logger): Promise<Issued> {
  try {
    return await issueToken(cloud, credentials, newRequestId(), log);
  } catch (error) {
    if (!(error instanceof OpenStackError) || error.outcome !== 'final') throw error;
    const details = { service: 'keystone', ...(error.status === null ? {} : { status: error.status }) };
    const message = `Keystone rejected the gateway's own credentials: ${error.upstreamMessage}`;
    throw new GatewayError('UPSTREAM_ERROR', message, details, { cause: error });
  }
}
