import type { IncomingHttpHeaders } from 'node:http';

/** What a service answered. */
export interface Response<T = unknown> {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The JSON; null for an empty body. Of a GET it is frozen, as callers share it. */
  readonly body: T;
}

/** The body's JSON; null when it is empty, undefined when it is no JSON. */
export function parseBody(text: string): unknown {
  if (text.trim() === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The service's own id of the request: Nova sends both headers, Keystone the first, Manila the second. */
export function readRequestId(headers: IncomingHttpHeaders): string | null {
  return firstOf(headers['x-openstack-request-id']) ?? firstOf(headers['x-compute-request-id']);
}

/** The first value of a header; null when it is absent. */
export function firstOf(header: string | string[] | undefined): string | null {
  return (Array.isArray(header) ? header[0] : header) ?? null;
}

/** Freezes JSON through and through, so that one of several readers cannot change what the others see. */
export function deepFreeze<T>(json: T): T {
  if (typeof json === 'object' && json !== null && !Object.isFrozen(json)) {
    Object.freeze(json);
    for (const value of Object.values(json)) deepFreeze(value);
  }
  return json;
}
