import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { GatewayError } from '../errors.ts';
import { lazyChild } from '../lazy-log.ts';
import type { Cloud } from '../openstack/cloud.ts';
import { detailsOf, OpenStackError } from '../openstack/errors.ts';
import { type ValidatedToken, validateToken } from '../openstack/keystone/client.ts';
import { type Session, tokenHash } from '../openstack/session.ts';

/** How many tokens' facts are kept. */
const MAX_TOKENS = 10_000;

/** A header's worth of printable ASCII: nothing else is sent anywhere. */
const TOKEN = /^[\x21-\x7e]{1,8192}$/;

/** For which request a token is checked. */
export interface RequestMeta {
  readonly requestId: string;
  readonly log: Logger;
  readonly signal?: Session['signal'];
}

/**
 * The session that a token opens. Throws GatewayError: UNAUTHENTICATED without a token or with one that Keystone does not
 * know or that has expired, FORBIDDEN for one without a project, UPSTREAM_UNAVAILABLE when Keystone cannot say.
 */
export type Authenticate = (token: string | undefined, asking: RequestMeta) => Promise<Session>;

interface AuthenticateOptions {
  cloud: Cloud;
  config: Config;
  /** Asks Keystone; a test gives its own. */
  validate?: typeof validateToken;
  /** ms since the epoch; a test gives its own. */
  now?: () => number;
}

/**
 * The check that both doors make. Keystone's word is kept under the token's SHA-256 for at most TOKEN_CACHE_SECONDS and
 * never past the token's end; refusals are not kept; a token that comes twice at once is asked of once. No token is kept.
 */
export function createAuthenticate({
  cloud,
  config,
  validate = validateToken,
  now = Date.now,
}: AuthenticateOptions): Authenticate {
  const known = new LRUCache<string, { facts: ValidatedToken; until: number }>({ max: MAX_TOKENS });
  const asked = new Map<string, Promise<ValidatedToken>>();

  return async (token, asking) => {
    if (!token) throw new GatewayError('UNAUTHENTICATED', 'No token: send a Keystone token in X-Auth-Token');
    if (!TOKEN.test(token)) {
      throw new GatewayError(
        'UNAUTHENTICATED',
        'Expected a Keystone token: at most 8192 printable characters without spaces',
      );
    }
    const key = tokenHash(token);
    const { identity, catalog } = kept(key) ?? (await factsOf(key, token, asking));
    if (identity.expiresAt <= now()) throw new GatewayError('UNAUTHENTICATED', 'The token has expired');
    const { requestId, signal } = asking;
    const log = lazyChild(asking.log, { userId: identity.userId, projectId: identity.projectId });
    return { requestId, signal, cloud, token, identity, catalog, log };
  };

  function kept(key: string): ValidatedToken | null {
    const found = known.get(key);
    return found && found.until > now() ? found.facts : null;
  }

  async function factsOf(key: string, token: string, asking: RequestMeta): Promise<ValidatedToken> {
    const running = asked.get(key);
    if (running) return running;
    const asks = ask(token, asking);
    asked.set(key, asks);
    try {
      const facts = await asks;
      const until = Math.min(now() + config.TOKEN_CACHE_SECONDS * 1000, facts.identity.expiresAt);
      if (until > now()) known.set(key, { facts, until });
      return facts;
    } finally {
      asked.delete(key);
    }
  }

  /** Without the asker's signal: others may wait for the same word. */
  async function ask(token: string, { requestId, log }: RequestMeta): Promise<ValidatedToken> {
    try {
      return await validate(cloud, token, requestId, log);
    } catch (error) {
      if (!(error instanceof OpenStackError)) throw error;
      throw new GatewayError(
        'UPSTREAM_UNAVAILABLE',
        `The token cannot be checked now: ${error.message}`,
        detailsOf(error),
        {
          cause: error,
        },
      );
    }
  }
}
