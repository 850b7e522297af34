/** What GraphQL over HTTP and GraphQL over WebSocket share. */
import type { ExecutionResult } from 'graphql';
import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { type Deadline, settledWithin, startDeadline } from '../deadline.ts';
import { GatewayError } from '../errors.ts';
import { type ErrorContext, formatError } from '../graphql/errors.ts';
import type { Executor } from '../graphql/execution/execute.ts';
import type { TrustedDocuments } from '../graphql/trusted-documents.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Session } from '../openstack/session.ts';
import type { Authenticate } from './authenticate.ts';

/** How much longer than its upstream calls an operation may take, in ms, before it gets an error. */
const BACKSTOP_MS = 2000;

export interface GraphQLTransportOptions {
  readonly config: Config;
  readonly log: Logger;
  readonly metrics?: Metrics | undefined;
  readonly executor: Executor;
  /** The documents that clients may name by their id; null without TRUSTED_DOCUMENTS. */
  readonly trusted?: TrustedDocuments | null;
  readonly authenticate: Authenticate;
  /** Creates the context of one operation, or of one event of a subscription. */
  readonly makeContext: (session: Session) => unknown;
}

/** The deadline of one operation, or of one event of a subscription: REQUEST_TIMEOUT_MS over all its upstream calls. */
export function startOperationDeadline({ REQUEST_TIMEOUT_MS }: Config): Deadline {
  return startDeadline(REQUEST_TIMEOUT_MS, undefined, () => operationTimeout(REQUEST_TIMEOUT_MS));
}

/**
 * The result of an execution, also when it rejects; UPSTREAM_TIMEOUT when it has none although the deadline of its upstream calls has passed.
 * Fastify's handlerTimeout is not used: its timer stops when a POST's body is read (5.12, lib/route.js, `req.on('close')`).
 */
export function withOperationTimeout(
  { REQUEST_TIMEOUT_MS }: Config,
  execution: Promise<ExecutionResult>,
  errorContext: ErrorContext,
): Promise<ExecutionResult> {
  const limit = settledWithin(REQUEST_TIMEOUT_MS + BACKSTOP_MS, execution, () => operationTimeout(REQUEST_TIMEOUT_MS));
  return limit.catch((reason: unknown) => ({ errors: [formatError(reason, errorContext)] }));
}

function operationTimeout(ms: number): GatewayError {
  return new GatewayError(
    'UPSTREAM_TIMEOUT',
    `The operation took longer than ${ms} ms; what it requested may still happen`,
  );
}
