import { GatewayError } from '../../errors.ts';
import { OpenStackError } from '../errors.ts';
import type { Service } from '../services.ts';
import { type Session, signalOf } from '../session.ts';
import { invalidResponse, timeoutError } from './call.ts';
import { endpointOf, invalidateMicroversion, supportedMicroversion } from './microversions.ts';
import type { Response } from './response.ts';
import { send } from './send.ts';
import { flightKeyOf } from './single-flight.ts';

export type Query = Readonly<Record<string, string | number | readonly string[] | null | undefined>>;

export interface RequestOptions {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below the endpoint, made with `path`. */
  path: string;
  /** What is null or undefined is left out; a list repeats its key. */
  query?: Query;
  /** Sent as JSON. */
  body?: unknown;
  /** For this call with its retries, instead of the cloud's. */
  timeoutMs?: number;
  /** The key that the answer must have: an answer without it rejects as `bad_response`. */
  expects?: string;
}

/**
 * Calls a service with the session's token, at the microversion that was negotiated, within one deadline. Rejects with an
 * OpenStackError, or with a GatewayError when the cloud does not have the service or the microversion. What a GET
 * answers is frozen and may be shared.
 */
export async function request<T>(session: Session, service: Service, options: RequestOptions): Promise<Response<T>> {
  const { cloud, token, requestId, log } = session;
  const timeoutMs = options.timeoutMs ?? cloud.settings.timeoutMs;
  const endsAt = performance.now() + timeoutMs;
  const microversion = await supportedMicroversion(session, service, timeoutMs);
  const [header, value] = service.versionHeader(microversion);
  const call = {
    cloud,
    service: service.name,
    method: options.method ?? 'GET',
    url: endpointOf(session, service) + options.path + toQuery(options.query),
    path: options.path,
    token,
    flightKey: flightKeyOf(session),
    headers: { [header]: value },
    body: options.body,
    requestId,
    log,
  };
  try {
    const remainingMs = endsAt - performance.now();
    if (remainingMs <= 0) throw timeoutError(call, null);
    const answer = await send(call, remainingMs, signalOf(session));
    if (options.expects !== undefined && !hasKey(answer.body, options.expects)) {
      throw invalidResponse(call, answer, `\`${options.expects}\``);
    }
    return answer as Response<T>;
  } catch (error) {
    if (error instanceof OpenStackError && error.status === 406) invalidateMicroversion(session, service);
    throw error;
  } finally {
    session.onRead?.();
  }
}

/**
 * Makes a path of literal parts and ids. An id that is no UUID is NOT_FOUND without asking: no service has one, and `..`,
 * `detail` or `a/os-interface` would be another route, for `%2F` as well (WSGI decodes it before it looks for the route).
 */
export function path(parts: TemplateStringsArray, ...ids: string[]): string {
  for (const id of ids) {
    if (!UUID.test(id)) throw new GatewayError('NOT_FOUND', `Expected a UUID, got ${JSON.stringify(id.slice(0, 64))}`);
  }
  return String.raw({ raw: parts }, ...ids);
}

const UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;

/** null instead of an error for what the service does not have. */
export async function orNull<T>(answer: Promise<T>, isAbsence = isNotFound): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (isAbsence(error)) return null;
    throw error;
  }
}

/** Whether a failure says that the thing is not there for this token. */
export function isNotFound(error: unknown): boolean {
  if (error instanceof GatewayError) return error.code === 'NOT_FOUND';
  return error instanceof OpenStackError && error.kind === 'refused' && error.status === 404;
}

function toQuery(query: Query = {}): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== null && one !== undefined) params.append(name, String(one));
    }
  }
  return params.size > 0 ? `?${params}` : '';
}

function hasKey(body: unknown, key: string): boolean {
  return typeof body === 'object' && body !== null && key in body;
}
