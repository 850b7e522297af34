import type { Logger } from 'pino';
import { GatewayError } from '../../errors.ts';
import type { Cloud } from '../cloud.ts';
import { OpenStackError } from '../errors.ts';
import { newRequestId, type Session } from '../session.ts';
import { issueToken, type ValidatedToken } from './client.ts';
import type { Credentials } from './credentials.ts';

/** The gateway's own credentials at work. */
export interface ServiceAccount {
  /** A session with a token that works for another minute at least. Throws UPSTREAM_ERROR when Keystone refuses the credentials. */
  session(requestId: string): Promise<Session>;
  /** Gets a new token next time: for after a 401. With a session given, only if its token is still the one in use. */
  invalidate(session?: Session): void;
}

type Issued = ValidatedToken & { token: string };

/** A token with less life than this is replaced, in ms. */
const MIN_LIFETIME_MS = 60_000;

/** Keeps one token, in memory only. However many ask, one is issued; a failure is not kept. */
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

/** Under a request id of its own: several requests may wait for it. */
async function signIn(cloud: Cloud, credentials: Credentials, log: Logger): Promise<Issued> {
  try {
    return await issueToken(cloud, credentials, newRequestId(), log);
  } catch (error) {
    if (!(error instanceof OpenStackError) || error.outcome !== 'final') throw error;
    const details = { service: 'keystone', ...(error.status === null ? {} : { status: error.status }) };
    const message = `Keystone refused the gateway's own credentials: ${error.upstreamMessage}`;
    throw new GatewayError('UPSTREAM_ERROR', message, details, { cause: error });
  }
}
