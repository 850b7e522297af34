import { GatewayError } from '../../errors.ts';
import { OpenStackError } from '../errors.ts';
import type { Service } from '../services.ts';
import { type Session, signalOf } from '../session.ts';
import { callTimeout, invalidResponse } from './call.ts';
import { endpointOf, invalidateMicroversion, supportedMicroversion } from './microversions.ts';
import type { Response } from './response.ts';
import { send } from './send.ts';
import { flightKeyOf } from './single-flight.ts';

export type Query = Readonly<Record<string, string | number | readonly string[] | null | undefined>>;

export interface RequestOptions {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Relative to the endpoint; made with `path`. */
  path: string;
  /** null and undefined values are omitted; a list repeats its key. */
  query?: Query;
  /** Sent as JSON. */
  body?: unknown;
  /** Deadline of this call with its retries, in ms; default: the cloud's. */
  timeoutMs?: number;
  /** A key that the response must have; a response without it rejects as `bad_response`. */
  expects?: string;
}

/**
 * Calls a service with the session's token at the negotiated microversion. Rejects with an OpenStackError, or with a
 * GatewayError if the cloud does not have the service or a supported microversion. The body of a GET is frozen, because
 * callers share it.
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
    url: endpointOf(session, service).url + options.path + toQuery(options.query),
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
    if (remainingMs <= 0) throw callTimeout(call, null);
    const response = await send(call, remainingMs, signalOf(session));
    if (options.expects !== undefined && !hasKey(response.body, options.expects)) {
      throw invalidResponse(call, response, `\`${options.expects}\``);
    }
    return response as Response<T>;
  } catch (error) {
    if (error instanceof OpenStackError && error.status === 406) invalidateMicroversion(session, service);
    throw error;
  } finally {
    session.onRead?.();
  }
}

/**
 * A path of literal parts and ids. Throws NOT_FOUND for an id that is not a UUID: no service has such an id, and `..`,
 * `detail` or `a/os-interface` would select another route, as would `%2F`, which WSGI decodes before routing.
 */
export function path(parts: TemplateStringsArray, ...ids: string[]): string {
  for (const id of ids) {
    if (!UUID.test(id)) throw new GatewayError('NOT_FOUND', `Expected a UUID, got ${JSON.stringify(id.slice(0, 64))}`);
  }
  return String.raw({ raw: parts }, ...ids);
}

const UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;

/** The result of a call; null instead of the error that says that the resource does not exist. */
export async function orNull<T>(call: Promise<T>, isAbsence = isNotFound): Promise<T | null> {
  try {
    return await call;
  } catch (error) {
    if (isAbsence(error)) return null;
    throw error;
  }
}

/** Whether an error says that the resource does not exist for this token. */
export function isNotFound(error: unknown): boolean {
  if (error instanceof GatewayError) return error.code === 'NOT_FOUND';
  // a 404 without a fault comes from a proxy or a wrong URL, and says nothing about the resource
  return (
    error instanceof OpenStackError && error.kind === 'refused' && error.status === 404 && error.faultName !== null
  );
}

function toQuery(query: Query = {}): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item !== null && item !== undefined) params.append(name, String(item));
    }
  }
  return params.size > 0 ? `?${params}` : '';
}

function hasKey(body: unknown, key: string): boolean {
  return typeof body === 'object' && body !== null && key in body;
}
