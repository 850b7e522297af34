import type { Logger } from 'pino';
import { type Dispatcher, request as httpRequest } from 'undici';
import type { Deadline } from '../../deadline.ts';
import type { Cloud } from '../cloud.ts';
import { errorCode, OpenStackError, type OpenStackErrorDetails } from '../errors.ts';
import { SERVICE_TITLES, type ServiceName } from '../services.ts';
import { readFault } from './faults.ts';
import { ProjectBusyError } from './project-limit.ts';
import { firstOf, parseBody, type Response, readRequestId } from './response.ts';
import type { FlightKey } from './single-flight.ts';

/** A call to a service, ready to send. */
export interface Call {
  readonly cloud: Cloud;
  readonly service: ServiceName;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly url: string;
  /** For messages and log lines: the path without host and query. */
  readonly path: string;
  /** null: the call is sent without X-Auth-Token. */
  readonly token: string | null;
  /** Which callers may share the response; default: those with the same token. */
  readonly flightKey?: FlightKey;
  /** Whose share of the connections the call uses: a project's id, or UNSCOPED for calls without a project. */
  readonly project: string;
  /** In addition to the headers of every call. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly requestId: string;
  readonly log: Logger;
}

/** A call that has ended. */
export interface FinishedCall extends Pick<Call, 'service' | 'method' | 'path'> {
  /** The status of the response; null without one. */
  readonly status: number | null;
  /** Null for a success. */
  readonly error: OpenStackError | null;
  readonly seconds: number;
}

/** Maximum number of calls that are sent or waiting for a connection. Further calls fail at once. */
const MAX_CALLS = 10_000;

/**
 * Sends a call once and reads the response. A status of 2xx is a success, and 300, the status of version documents.
 * Rejects with an OpenStackError otherwise. Redirects are not followed, because the token would be sent along.
 */
export async function sendOnce(call: Call, deadline: Deadline): Promise<Response> {
  const { cloud, log, service, method, path, requestId } = call;
  if (cloud.calls >= MAX_CALLS) {
    throw failure(call, { kind: 'unreachable' }, `${title(call)} is overloaded: ${cloud.calls} calls are waiting`);
  }
  const release = await acquireConnection(call, deadline);
  const startedAt = performance.now();
  let status: number | null = null;
  let openstackRequestId: string | null = null;
  let failed: OpenStackError | null = null;
  cloud.calls += 1;
  try {
    const response = await httpRequest(call.url, options(call, deadline));
    status = response.statusCode;
    openstackRequestId = readRequestId(response.headers);
    return readResponse(call, response, await response.body.text());
  } catch (error) {
    failed = error instanceof OpenStackError ? error : connectionFailure(call, deadline, error, status);
    throw failed;
  } finally {
    cloud.calls -= 1;
    release();
    const seconds = (performance.now() - startedAt) / 1000;
    cloud.onCall?.({ service, method, path, status, error: failed, seconds });
    log.debug(
      { service, method, path, status, ms: Math.round(seconds * 1000), requestId, openstackRequestId },
      'openstack call',
    );
  }
}

/** The project of calls that have none: tokens that are not validated yet. */
export const UNSCOPED = 'no project';

/** Waits for a connection of the project's share. */
async function acquireConnection(call: Call, deadline: Deadline): Promise<() => void> {
  try {
    return await call.cloud.projectLimit.acquire(`${call.service} ${call.project}`, deadline.signal);
  } catch (error) {
    if (!(error instanceof ProjectBusyError)) throw callTimeout(call, error);
    throw failure(call, { kind: 'unreachable' }, `Too many calls of the project to ${title(call)} are waiting`, error);
  }
}

function options(call: Call, deadline: Deadline) {
  const timeoutMs = Math.max(1, Math.ceil(deadline.remainingMs()));
  return {
    dispatcher: call.cloud.agent,
    method: call.method,
    headers: {
      accept: 'application/json',
      'x-openstack-request-id': call.requestId,
      ...(call.token === null ? {} : { 'x-auth-token': call.token }),
      ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...call.headers,
    },
    body: call.body === undefined ? null : JSON.stringify(call.body),
    signal: deadline.signal,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  };
}

function readResponse(call: Call, response: Dispatcher.ResponseData, text: string): Response {
  const { statusCode: status, headers } = response;
  const body = parseBody(text);
  const requestId = readRequestId(headers);
  const details = { status, ...(requestId === null ? {} : { openstackRequestId: requestId }) };
  const named = [String(status), requestId].filter(Boolean).join(', ');
  if (status >= 400) {
    const fault = readFault(status, body, firstOf(headers['retry-after']));
    const upstreamMessage = call.token ? fault.message.replaceAll(call.token, '(the token)') : fault.message;
    const label = [[status, fault.faultName].filter(Boolean).join(' '), requestId].filter(Boolean).join(', ');
    const { message: _message, ...more } = fault;
    throw failure(
      call,
      { kind: 'refused', ...details, ...more, upstreamMessage },
      `${title(call)} refused ${call.method} ${call.path} (${label}): ${upstreamMessage}`,
    );
  }
  if (status < 200 || status > 300) {
    const message = `${title(call)} answered ${call.method} ${call.path} with a redirect (${named})`;
    throw failure(call, { kind: 'bad_response', ...details }, message);
  }
  if (body === undefined) {
    const message = `${title(call)} answered ${call.method} ${call.path} (${named}) with something that is not JSON, or nested too deeply`;
    throw failure(call, { kind: 'bad_response', ...details }, message);
  }
  return { status, headers, body };
}

const TIMEOUTS = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);

/** The error of a failed connection. Only the code is shown: the system's message contains the service's address. */
function connectionFailure(call: Call, deadline: Deadline, cause: unknown, status: number | null): OpenStackError {
  const code = errorCode(cause) ?? 'no code';
  const what = `${call.method} ${call.path}`;
  if (deadline.signal.aborted || TIMEOUTS.has(code)) return callTimeout(call, cause);
  if (code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE' || code === 'HTTPParserError' || code.startsWith('HPE_')) {
    const details = { kind: 'bad_response' as const, ...(status === null ? {} : { status }) };
    return failure(call, details, `${title(call)} sent an unreadable response to ${what} (${code})`, cause);
  }
  if (status !== null) {
    return failure(
      call,
      { kind: 'bad_response', status },
      `${title(call)} cut off its response to ${what} (${code})`,
      cause,
    );
  }
  return failure(call, { kind: 'unreachable' }, `${title(call)} could not be reached for ${what} (${code})`, cause);
}

/** The error of a call that reached its deadline or was aborted by its caller. It may have taken effect. */
export function callTimeout(call: Pick<Call, 'service' | 'method' | 'path'>, cause: unknown): OpenStackError {
  const message = `${title(call)} did not answer ${call.method} ${call.path} in time`;
  return failure(call, { kind: 'timeout' }, message, cause);
}

/** The error of a response that lacks what the API specifies. */
export function invalidResponse(call: Pick<Call, 'service' | 'method' | 'path'>, response: Response, expected: string) {
  const requestId = readRequestId(response.headers);
  const named = [String(response.status), requestId].filter(Boolean).join(', ');
  const message = `${title(call)} answered ${call.method} ${call.path} (${named}) without ${expected}`;
  const details = { kind: 'bad_response' as const, status: response.status };
  return failure(call, requestId === null ? details : { ...details, openstackRequestId: requestId }, message);
}

function title({ service }: Pick<Call, 'service'>): string {
  return SERVICE_TITLES[service];
}

function failure(
  { service }: Pick<Call, 'service'>,
  details: Omit<OpenStackErrorDetails, 'service'>,
  message: string,
  cause?: unknown,
): OpenStackError {
  return new OpenStackError(message, { service, ...details }, cause === undefined ? undefined : { cause });
}
