/** The limits on subscriptions, over all transports: their number, and the memory that they hold. */
import type { DocumentNode } from 'graphql';
import type { Config } from '../config.ts';
import { GatewayError } from '../errors.ts';
import type { Session } from '../openstack/session.ts';
import { createQuota, tenantKeys } from './quota.ts';
import { createMemoryQuota } from './subscription-memory.ts';

/** A subscription that is about to start. */
export interface NewSubscription {
  readonly session: Session;
  /** The id of the connection whose memory is limited. */
  readonly connectionId: string;
  readonly document: DocumentNode;
  readonly variables?: unknown;
}

/** Counts a subscription and its memory; returns the function that releases both, or the error of an exceeded limit. */
export type HoldSubscription = (subscription: NewSubscription) => (() => void) | GatewayError;

/** Creates the limits of one gateway. */
export function createSubscriptionLimits(config: Config): HoldSubscription {
  const subscriptions = createQuota({
    token: config.WS_MAX_SUBSCRIPTIONS_PER_TOKEN,
    project: config.WS_MAX_SUBSCRIPTIONS_PER_PROJECT,
    total: config.WS_MAX_SUBSCRIPTIONS_TOTAL,
  });
  const acquireMemory = createMemoryQuota({
    socket: config.WS_MAX_MEMORY_BYTES,
    token: config.WS_MAX_MEMORY_BYTES_PER_TOKEN,
    total: config.WS_MAX_MEMORY_BYTES_TOTAL,
  });

  return ({ session, connectionId, document, variables }) => {
    const keys = tenantKeys(session);
    const subscription = subscriptions.acquire(keys);
    if ('exceeded' in subscription) {
      return new GatewayError('LIMIT_EXCEEDED', `Too many subscriptions (${subscription.exceeded})`);
    }
    const memory = acquireMemory({ ...keys, socket: connectionId }, document, variables);
    if ('exceeded' in memory) {
      subscription.release();
      const message = `The documents and variables of subscriptions need too much memory (${memory.exceeded})`;
      return new GatewayError('LIMIT_EXCEEDED', message);
    }
    return () => {
      subscription.release();
      memory.release();
    };
  };
}
