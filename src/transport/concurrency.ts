/** The limits on operations that run at the same time: per token, per project, and over all transports. */
import type { FastifyInstance } from 'fastify';
import type { Config } from '../config.ts';
import { GatewayError } from '../errors.ts';
import type { Session } from '../openstack/session.ts';
import { RETRY_AFTER } from './error-responses.ts';
import { createQuota, type Quota, type TenantScope, tenantKeys } from './quota.ts';

declare module 'fastify' {
  interface FastifyInstance {
    /** Operations in flight. */
    inFlight: Quota<TenantScope>;
  }
}

/** Error for operations over a concurrency limit. */
export class OverloadError extends GatewayError {
  /** 503 when the gateway is busy, 429 when the token's or the project's own operations are the reason. */
  readonly status: 429 | 503;

  constructor(scope: TenantScope) {
    const reason = scope === 'total' ? 'The gateway is busy' : `Too many operations of this ${scope} are running`;
    super('LIMIT_EXCEEDED', `${reason}: try again in ${RETRY_AFTER} s`);
    this.status = scope === 'total' ? 503 : 429;
  }
}

export function registerConcurrency(app: FastifyInstance, config: Config): void {
  const { MAX_IN_FLIGHT, MAX_IN_FLIGHT_PER_PROJECT, MAX_IN_FLIGHT_PER_TOKEN } = config;
  const limits = { token: MAX_IN_FLIGHT_PER_TOKEN, project: MAX_IN_FLIGHT_PER_PROJECT, total: MAX_IN_FLIGHT };
  app.decorate('inFlight', createQuota<TenantScope>(limits));
}

/**
 * Takes a slot for an operation whose request is complete and whose token is valid; returns the function that releases it.
 * Throws an OverloadError when the token, the project or the gateway has no slot left.
 */
export function takeSlot({ inFlight }: FastifyInstance, session: Session): () => void {
  const slot = inFlight.acquire(tenantKeys(session));
  if ('exceeded' in slot) throw new OverloadError(slot.exceeded);
  return slot.release;
}
