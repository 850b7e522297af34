import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { GatewayError } from '../errors.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Cloud } from '../openstack/cloud.ts';
import { detailsOf, OpenStackError } from '../openstack/errors.ts';
import { type ValidatedToken, validateToken } from '../openstack/keystone/client.ts';
import { type Session, tokenHash } from '../openstack/session.ts';

/** Maximum number of validated tokens in the cache. */
const MAX_TOKENS = 10_000;

/** Printable ASCII of at most 8 KiB, as a header can carry it: nothing else is sent to Keystone. */
const TOKEN = /^[\x21-\x7e]{1,8192}$/;

/** The request that a token is validated for. */
export interface RequestMeta {
  readonly requestId: string;
  readonly log: Logger;
  readonly signal?: Session['signal'];
}

/**
 * Validates a token and returns its session. Throws GatewayError: UNAUTHENTICATED without a token and for one that is
 * unknown to Keystone or expired, FORBIDDEN for one without a project, UPSTREAM_UNAVAILABLE when Keystone cannot answer.
 */
export type Authenticate = (token: string | undefined, meta: RequestMeta) => Promise<Session>;

interface AuthenticateOptions {
  cloud: Cloud;
  config: Config;
  metrics?: Metrics | undefined;
  /** Validates with Keystone; a test gives its own. */
  validate?: typeof validateToken;
  /** ms since the epoch; a test gives its own. */
  now?: () => number;
}

/**
 * Creates the token check of all transports. Validated tokens are cached under their SHA-256 for TOKEN_CACHE_SECONDS,
 * never beyond their expiry; errors are not cached. Concurrent validations of one token are one call (single-flight).
 * The cache contains no token.
 */
export function createAuthenticate({
  cloud,
  config,
  metrics,
  validate = validateToken,
  now = Date.now,
}: AuthenticateOptions): Authenticate {
  const cache = new LRUCache<string, { validated: ValidatedToken; until: number }>({ max: MAX_TOKENS });
  const inFlight = new Map<string, Promise<ValidatedToken>>();

  return async (token, meta) => {
    if (!token) throw new GatewayError('UNAUTHENTICATED', 'No token: send a Keystone token in X-Auth-Token');
    if (!TOKEN.test(token)) {
      throw new GatewayError(
        'UNAUTHENTICATED',
        'Expected a Keystone token: at most 8192 printable characters without spaces',
      );
    }
    const key = tokenHash(token);
    const found = cached(key);
    metrics?.count('nmg_token_lookups_total', { result: found ? 'hit' : 'miss' });
    const { identity, catalog } = found ?? (await validateOnce(key, token, meta));
    if (identity.expiresAt <= now()) throw new GatewayError('UNAUTHENTICATED', 'The token has expired');
    const { requestId, signal } = meta;
    const log = meta.log.child({ userId: identity.userId, projectId: identity.projectId });
    return { requestId, signal, cloud, token, identity, catalog, log };
  };

  function cached(key: string): ValidatedToken | null {
    const entry = cache.get(key);
    return entry && entry.until > now() ? entry.validated : null;
  }

  async function validateOnce(key: string, token: string, meta: RequestMeta): Promise<ValidatedToken> {
    const running = inFlight.get(key);
    if (running) return running;
    const validation = validateWithKeystone(token, meta);
    inFlight.set(key, validation);
    try {
      const validated = await validation;
      const until = Math.min(now() + config.TOKEN_CACHE_SECONDS * 1000, validated.identity.expiresAt);
      if (until > now()) cache.set(key, { validated, until });
      return validated;
    } finally {
      inFlight.delete(key);
    }
  }

  /** Ignores the signal of the request: others may wait for the same validation. */
  async function validateWithKeystone(token: string, { requestId, log }: RequestMeta): Promise<ValidatedToken> {
    try {
      return await validate(cloud, token, requestId, log);
    } catch (error) {
      if (!(error instanceof OpenStackError)) throw error;
      const message = `The token cannot be checked now: ${error.message}`;
      throw new GatewayError('UPSTREAM_UNAVAILABLE', message, detailsOf(error), { cause: error });
    }
  }
}
