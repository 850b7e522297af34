import { STATUS_CODES } from 'node:http';

/** What a refusal's body says. */
export interface Fault {
  /** The body's key: `badRequest`, `itemNotFound`, `computeFault`, `error`, …; absent for a body that is no fault of OpenStack's. */
  faultName?: string;
  message: string;
  retryAfterMs?: number;
}

/** Long enough for any message of Nova's or Manila's, short enough for a log line. */
const MAX_MESSAGE = 1000;

/**
 * Reads every shape of fault that OpenStack sends: `{badRequest: {code, message}}` and its like (nova and manila
 * api/openstack/wsgi.py), `{error: {code, title, message}}` (Keystone and keystonemiddleware), `{message}` (webob), and
 * what is no JSON at all, for example a proxy's page: then the status stands for itself.
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

/** Retry-After in ms: seconds, or a date (RFC 9110, 10.2.3); null when it is neither. */
function readRetryAfter(value: unknown): number | null {
  if (typeof value === 'number') return value >= 0 ? value * 1000 : null;
  if (typeof value !== 'string' || value.trim() === '') return null;
  if (/^\d+(\.\d+)?$/.test(value.trim())) return Number(value) * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : Math.max(0, at - Date.now());
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
