import type { UpstreamDetails } from '../errors.ts';
import type { ServiceName } from './services.ts';

/** What kind of failure a call to OpenStack met. */
export type FailureKind =
  /** The service answered with a status that refuses. */
  | 'refused'
  /** No answer in time. */
  | 'timeout'
  /** No connection, or it broke. */
  | 'unreachable'
  /** An answer that is not what the service's API promises. */
  | 'bad_response';

export interface OpenStackErrorDetails {
  service: ServiceName;
  kind: FailureKind;
  /** The HTTP status, where there was an answer. */
  status?: number;
  /** The key of the fault body: `badRequest`, `itemNotFound`, `conflictingRequest`, `error`, … */
  faultName?: string;
  /** The service's own words, without ours around them. */
  upstreamMessage?: string;
  /** The service's own request id (x-openstack-request-id, else x-compute-request-id). */
  openstackRequestId?: string;
  /** What Retry-After asked for, in ms. */
  retryAfterMs?: number;
}

/**
 * A call to OpenStack that did not do what it was for. `outcome` tells whether it may have happened all the same:
 * `final` is a refusal; `uncertain` (timeout, reset, 408, 429, 5xx, an unreadable answer) is settled only by looking again.
 */
export class OpenStackError extends Error {
  readonly service: ServiceName;
  readonly kind: FailureKind;
  readonly status: number | null;
  readonly faultName: string | null;
  readonly upstreamMessage: string;
  readonly openstackRequestId: string | null;
  readonly retryAfterMs: number | null;
  readonly outcome: 'final' | 'uncertain';

  constructor(message: string, details: OpenStackErrorDetails, options?: ErrorOptions) {
    super(message, options);
    this.name = 'OpenStackError';
    this.service = details.service;
    this.kind = details.kind;
    this.status = details.status ?? null;
    this.faultName = details.faultName ?? null;
    this.upstreamMessage = details.upstreamMessage ?? message;
    this.openstackRequestId = details.openstackRequestId ?? null;
    this.retryAfterMs = details.retryAfterMs ?? null;
    this.outcome = details.kind === 'refused' && isFinalStatus(details.status) ? 'final' : 'uncertain';
  }
}

function isFinalStatus(status = 0): boolean {
  return status >= 400 && status < 500 && status !== 408 && status !== 429;
}

/** The fields of a failed call that clients may see. */
export function detailsOf({ service, status, openstackRequestId }: OpenStackError): UpstreamDetails {
  return { service, ...(status !== null && { status }), ...(openstackRequestId !== null && { openstackRequestId }) };
}

/** The code that Node.js or undici gave a failure: `ECONNRESET`, `UND_ERR_SOCKET`, …; null when there is none. */
export function errorCode(error: unknown): string | null {
  if (typeof error !== 'object' || error === null) return null;
  const { code, name } = error as { code?: unknown; name?: unknown };
  if (typeof code === 'string') return code;
  return name === 'HTTPParserError' ? name : null;
}
