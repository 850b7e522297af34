import type { UpstreamDetails } from '../errors.ts';
import type { ServiceName } from './services.ts';

/** Why a call to OpenStack failed. */
export type FailureKind =
  /** The service responded with a status of 400 or more. */
  | 'refused'
  /** No response within the deadline. */
  | 'timeout'
  /** The connection could not be opened, or it broke. */
  | 'unreachable'
  /** The response does not follow the service's API. */
  | 'bad_response';

export interface OpenStackErrorDetails {
  service: ServiceName;
  kind: FailureKind;
  /** The HTTP status, if there was a response. */
  status?: number;
  /** The key of the fault body: `badRequest`, `itemNotFound`, `conflictingRequest`, `error`, … */
  faultName?: string;
  /** The service's own message, without the gateway's wording around it. */
  upstreamMessage?: string;
  /** The service's own request id (x-openstack-request-id, else x-compute-request-id). */
  openstackRequestId?: string;
  /** The value of Retry-After, in ms. */
  retryAfterMs?: number;
}

/**
 * A failed call to OpenStack. `outcome` says whether it may have taken effect: `final` means that the service rejected
 * it; `uncertain` (timeout, reset, 408, 429, 5xx, an unreadable response) means that only observing the state can tell.
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

/** What a client may quote of an upstream failure. */
export function detailsOf({ service, status, openstackRequestId, retryAfterMs }: OpenStackError): UpstreamDetails {
  return {
    service,
    ...(status !== null && { status }),
    ...(openstackRequestId !== null && { openstackRequestId }),
    ...(retryAfterMs !== null && { retryAfter: Math.ceil(retryAfterMs / 1000) }),
  };
}

function isFinalStatus(status = 0): boolean {
  return status >= 400 && status < 500 && status !== 408 && status !== 429;
}

const CONNECT_CODES = new Set([
  ...['ECONNREFUSED', 'UND_ERR_CONNECT_TIMEOUT', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'],
]);

/** Whether no connection could be opened: no request can be the reason. */
export function isConnectionFailure({ cause }: { cause?: unknown }): boolean {
  return CONNECT_CODES.has(errorCode(cause) ?? '');
}

/** The code of an error of Node.js or undici: `ECONNRESET`, `UND_ERR_SOCKET`, …; null when it has none. */
export function errorCode(error: unknown): string | null {
  if (typeof error !== 'object' || error === null) return null;
  const { code, name } = error as { code?: unknown; name?: unknown };
  if (typeof code === 'string') return code;
  return name === 'HTTPParserError' ? name : null;
}
