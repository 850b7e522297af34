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
  /** The key of the object that the response must have; one without it, or with another type, rejects as `bad_response`. */
  expects?: string;
  /** The same for a list of objects. */
  expectsList?: string;
  /** The key of an object's id, `id` by default: an object without one rejects too. Null for objects without an id. */
  idKey?: string | null;
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
    project: session.identity.projectId,
    headers: { [header]: value },
    body: options.body,
    requestId,
    log,
  };
  try {
    const remainingMs = endsAt - performance.now();
    if (remainingMs <= 0) throw callTimeout(call, null);
    const response = await send(call, remainingMs, signalOf(session));
    if (options.expects !== undefined && !hasObject(response.body, options.expects, options.idKey)) {
      throw invalidResponse(call, response, `a valid \`${options.expects}\``);
    }
    if (options.expectsList !== undefined && !hasList(response.body, options.expectsList, options.idKey)) {
      throw invalidResponse(call, response, `a valid list \`${options.expectsList}\``);
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

/** Whether an error says that the service's policy does not allow the call with this token. */
export function isForbidden(error: unknown): boolean {
  return error instanceof OpenStackError && error.status === 403;
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

function hasObject(body: unknown, key: string, idKey?: string | null): boolean {
  return isObject(body) && isResource(body[key], idKey);
}

function hasList(body: unknown, key: string, idKey?: string | null): boolean {
  if (!isObject(body)) return false;
  const items = body[key];
  return Array.isArray(items) && items.every((item) => isResource(item, idKey));
}

/** Whether a value is an object with an id. Its other fields are checked where they are read. */
function isResource(value: unknown, idKey: string | null = 'id'): boolean {
  return isObject(value) && (idKey === null || typeof value[idKey] === 'string');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
