import { z } from 'zod';
import { checkMountPoint } from '../../attachments/preconditions.ts';
import { GatewayError } from '../../errors.ts';

/** What `share_attach` and `share_detach` ask for. */
export interface ShareActionRequest {
  shareId: string;
  mountPoint: string | null;
}

/** Nova's `uuid` format (oslo.utils is_uuid_like): any case, with or without dashes, braces and `urn:uuid:`. */
const UUID = /^(?:urn:uuid:)?\{?([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})\}?$/i;

const MAX_PATH = 255;
/** How much of a value a message repeats. */
const MAX_SHOWN = 300;

const SHARE_ACTION = z.strictObject({
  share_id: z.string().regex(UUID),
  mount_point: z.string().max(MAX_PATH).refine(isMountPoint).optional(),
});

/**
 * Reads the argument of one of the two actions as Nova would: a JSON schema without additional properties, the first thing
 * wrong in the words of nova/api/validation/validators.py. Throws BAD_USER_INPUT.
 */
export function readShareActionRequest(action: string, argument: unknown): ShareActionRequest {
  const read = SHARE_ACTION.safeParse(argument);
  if (read.success) return { shareId: canonical(read.data.share_id), mountPoint: read.data.mount_point ?? null };
  const [issue] = read.error.issues;
  const [name] = issue?.path ?? [];
  const value = name === undefined ? argument : (argument as Record<PropertyKey, unknown>)[name];
  // a property that is missing is its object's fault
  const isMissing = name !== undefined && value === undefined;
  const field = isMissing || name === undefined ? action : String(name);
  const shown = python(isMissing ? argument : value);
  const said = isMissing ? `'${String(name)}' is a required property` : describeMismatch(issue, value);
  throw new GatewayError('BAD_USER_INPUT', `Invalid input for field/attribute ${field}. Value: ${shown}. ${said}`);
}

function describeMismatch(issue: z.core.$ZodIssue | undefined, value: unknown): string {
  switch (issue?.code) {
    case 'unrecognized_keys': {
      const names = issue.keys.map((key) => `'${key}'`).join(', ');
      return `Additional properties are not allowed (${names} ${issue.keys.length > 1 ? 'were' : 'was'} unexpected)`;
    }
    case 'invalid_type':
      return `${quoted(value)} is not of type '${issue.expected}'`;
    case 'too_big':
      return `${quoted(value)} is too long`;
    case 'custom':
      return `${quoted(value)} is not an absolute path below '/' without '..'`;
    default:
      return `${quoted(value)} is not a 'uuid'`;
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

/** A value as Python shows it (repr), cut short. */
function quoted(value: unknown): string {
  return typeof value === 'string' ? cut(repr(value)) : python(value);
}

/** A value as Python prints it (str), cut short. */
function python(value: unknown): string {
  return cut(typeof value === 'string' ? value : repr(value));
}

function repr(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string') return `'${value.replace(/[\\']/g, '\\$&')}'`;
  if (Array.isArray(value)) return `[${value.map(repr).join(', ')}]`;
  if (typeof value !== 'object') return String(value);
  return `{${Object.entries(value)
    .map(([key, one]) => `${repr(key)}: ${repr(one)}`)
    .join(', ')}}`;
}

function cut(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}
