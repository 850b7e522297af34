import type { IncomingHttpHeaders } from 'node:http';

/** A service's response. */
export interface Response<T = unknown> {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The JSON; null for an empty body. The body of a GET is frozen, because callers share it. */
  readonly body: T;
}

/** Maximum nesting of a body. OpenStack's have fewer than 10 levels, and recursive code must not overflow the stack. */
const MAX_DEPTH = 100;

/** Parses a body: null if it is empty, undefined if it is not JSON or nested too deeply. */
export function parseBody(text: string): unknown {
  if (text.trim() === '') return null;
  try {
    const json: unknown = JSON.parse(text);
    return isDeeper(json, MAX_DEPTH) ? undefined : json;
  } catch {
    return undefined;
  }
}

function isDeeper(json: unknown, depth: number): boolean {
  if (typeof json !== 'object' || json === null) return false;
  return depth === 0 || Object.values(json).some((value) => isDeeper(value, depth - 1));
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
