import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import type { Executor } from '../graphql/execution/execute.ts';
import type { Session } from '../openstack/session.ts';
import type { Authenticate } from './authenticate.ts';
import type { Concurrency } from './concurrency.ts';
import type { Checks } from './health.ts';

/** What both doors are made of. */
export interface TransportOptions {
  readonly config: Config;
  readonly log: Logger;
  readonly executor: Executor;
  readonly authenticate: Authenticate;
  /** The context of one operation, or of one event of a subscription. */
  readonly makeContext: (session: Session) => unknown;
  /** What `/readyz` asks. */
  readonly checks: Checks;
  /** Adds GraphiQL: hooks and routes of its own. */
  readonly registerGraphiql?: (app: FastifyInstance) => unknown;
  /** Adds the compute API. */
  readonly registerComputeApi?: (app: FastifyInstance) => unknown;
}

/** The same with what both doors share while they run. */
export interface OpenTransportOptions extends TransportOptions {
  readonly concurrency: Concurrency;
}
