import type { IncomingHttpHeaders } from 'node:http';

/** A service's response. */
export interface Response<T = unknown> {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The JSON; null for an empty body. The body of a GET is frozen, because callers share it. */
  readonly body: T;
}

/** Parses a body: null if it is empty, undefined if it is not JSON. */
export function parseBody(text: string): unknown {
  if (text.trim() === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The service's own request id. Nova sends both headers, Keystone the first, Manila the second. */
export function readRequestId(headers: IncomingHttpHeaders): string | null {
  return firstOf(headers['x-openstack-request-id']) ?? firstOf(headers['x-compute-request-id']);
}

/** The first value of a header; null if it is absent. */
export function firstOf(header: string | string[] | undefined): string | null {
  return (Array.isArray(header) ? header[0] : header) ?? null;
}

/** Freezes JSON recursively, so that no caller can change what others see. */
export function deepFreeze<T>(json: T): T {
  if (typeof json === 'object' && json !== null && !Object.isFrozen(json)) {
    Object.freeze(json);
    for (const value of Object.values(json)) deepFreeze(value);
  }
  return json;
}
