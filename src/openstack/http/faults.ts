import { STATUS_CODES } from 'node:http';

/** The body of an error response. */
export interface Fault {
  /** The body's key: `badRequest`, `itemNotFound`, `computeFault`, `error`, …; absent if the body is not an OpenStack fault. */
  faultName?: string;
  message: string;
  retryAfterMs?: number;
}

/** Maximum length of a message, in characters. */
const MAX_MESSAGE = 1000;

/**
 * Reads every kind of fault that OpenStack sends: `{badRequest: {code, message}}` and similar (nova and manila
 * api/openstack/wsgi.py), `{error: {code, title, message}}` (Keystone and keystonemiddleware) and `{message}` (webob).
 * For other bodies, such as a proxy's HTML page, the message is the status' reason phrase.
 */
export function readFault(status: number, body: unknown, retryAfter: string | null): Fault {
  const fault = findFault(body);
  const retryAfterMs = readRetryAfter(retryAfter) ?? readRetryAfter(fault?.retryAfter);
  return {
    ...(fault?.name === undefined ? {} : { faultName: fault.name }),
    message: fault?.message.slice(0, MAX_MESSAGE) ?? STATUS_CODES[status] ?? `status ${status}`,
    ...(retryAfterMs === null ? {} : { retryAfterMs }),
  };
}

function findFault(body: unknown): { name?: string; message: string; retryAfter?: unknown } | null {
  if (!isObject(body)) return null;
  for (const [name, value] of Object.entries(body)) {
    if (isObject(value) && typeof value.message === 'string') {
      return { name, message: value.message, retryAfter: value.retryAfter };
    }
  }
  return typeof body.message === 'string' ? { message: body.message } : null;
}

/** Converts Retry-After, seconds or a date (RFC 9110, 10.2.3), to ms; null if it is neither. */
function readRetryAfter(value: unknown): number | null {
  if (typeof value === 'number') return value >= 0 ? value * 1000 : null;
  if (typeof value !== 'string' || value.trim() === '') return null;
  if (/^\d+(\.\d+)?$/.test(value.trim())) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? null : Math.max(0, date - Date.now());
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
