import { z } from 'zod';
import { checkMountPoint } from '../../attachments/preconditions.ts';
import { GatewayError } from '../../errors.ts';

/** The argument of `share_attach` and `share_detach`. */
export interface ShareActionRequest {
  shareId: string;
  mountPoint: string | null;
}

/** Nova's `uuid` format (oslo.utils is_uuid_like): any case, with or without dashes, braces and `urn:uuid:`. */
const UUID = /^(?:urn:uuid:)?\{?([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})\}?$/i;

const MAX_PATH = 255;
/** Maximum length of a value in a message, in characters. */
const MAX_SHOWN = 300;

const SHARE_ACTION = z.strictObject({
  share_id: z.string().regex(UUID),
  mount_point: z.string().max(MAX_PATH).refine(isMountPoint).optional(),
});

/**
 * Validates the argument of an action as Nova does: a JSON schema without additional properties. Throws BAD_USER_INPUT
 * for the first mismatch, with the message of nova/api/validation/validators.py.
 */
export function readShareActionRequest(action: string, argument: unknown): ShareActionRequest {
  const parsed = SHARE_ACTION.safeParse(argument);
  if (parsed.success) return { shareId: canonical(parsed.data.share_id), mountPoint: parsed.data.mount_point ?? null };
  const [issue] = parsed.error.issues;
  const [name] = issue?.path ?? [];
  const value = name === undefined ? argument : (argument as Record<PropertyKey, unknown>)[name];
  // a missing property is an error of the object that lacks it
  const isMissing = name !== undefined && value === undefined;
  const field = isMissing || name === undefined ? action : String(name);
  const shown = pythonStr(isMissing ? argument : value);
  const reason = isMissing ? `'${String(name)}' is a required property` : describeMismatch(issue, value);
  throw new GatewayError('BAD_USER_INPUT', `Invalid input for field/attribute ${field}. Value: ${shown}. ${reason}`);
}

function describeMismatch(issue: z.core.$ZodIssue | undefined, value: unknown): string {
  switch (issue?.code) {
    case 'unrecognized_keys': {
      const names = issue.keys.map((key) => `'${key}'`).join(', ');
      return `Additional properties are not allowed (${names} ${issue.keys.length > 1 ? 'were' : 'was'} unexpected)`;
    }
    case 'invalid_type':
      return `${pythonRepr(value)} is not of type '${issue.expected}'`;
    case 'too_big':
      return `${pythonRepr(value)} is too long`;
    case 'custom':
      return `${pythonRepr(value)} is not an absolute path below '/' without '..'`;
    default:
      return `${pythonRepr(value)} is not a 'uuid'`;
  }
}

function isMountPoint(path: string): boolean {
  try {
    return checkMountPoint(path) !== '';
  } catch {
    return false;
  }
}

function canonical(id: string): string {
  return (UUID.exec(id)?.slice(1) ?? []).join('-').toLowerCase();
}

/** A value as Python's repr() shows it, truncated. */
function pythonRepr(value: unknown): string {
  return typeof value === 'string' ? truncate(repr(value)) : pythonStr(value);
}

/** A value as Python's str() shows it, truncated. */
function pythonStr(value: unknown): string {
  return truncate(typeof value === 'string' ? value : repr(value));
}

/** Deeper values are shown as `…`. */
const MAX_REPR_DEPTH = 8;

function repr(value: unknown, depth = 0): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string') return `'${value.slice(0, MAX_SHOWN).replace(/[\\']/g, '\\$&')}'`;
  if (typeof value !== 'object') return String(value);
  if (depth >= MAX_REPR_DEPTH) return '…';
  if (Array.isArray(value)) return `[${value.map((item) => repr(item, depth + 1)).join(', ')}]`;
  const members = Object.entries(value).map(([key, member]) => `${repr(key)}: ${repr(member, depth + 1)}`);
  return `{${members.join(', ')}}`;
}

function truncate(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}
