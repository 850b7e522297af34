import { GatewayError } from '../../errors.ts';
import { readShareActionRequest, type ShareActionRequest } from './action-schema.ts';

/** One of the server actions that the gateway adds to Nova's. */
export interface ShareAction extends ShareActionRequest {
  name: 'share_attach' | 'share_detach';
}

/**
 * Reads the body of a server action. Returns null for one of Nova's actions, which Nova validates. An action of the gateway
 * is an object with the single key `share_attach` or `share_detach`. Throws BAD_USER_INPUT for an invalid one, and for a
 * body that contains such a key and is not JSON.
 */
export function readShareAction(body: Buffer | undefined, contentType: string | undefined): ShareAction | null {
  if (!body || !isJsonType(contentType)) return null;
  const text = body.toString('utf8');
  const name = /"(share_attach|share_detach)"/.exec(text)?.[1];
  if (!name) return null;
  const action = parse(text);
  const keys = typeof action === 'object' && action !== null ? Object.keys(action) : [];
  const [key] = keys;
  if (keys.length !== 1 || (key !== 'share_attach' && key !== 'share_detach')) return null;
  return { name: key, ...readShareActionRequest(key, (action as Record<string, unknown>)[key]) };
}

/** Nova reads a body without a type, or as text/plain, as JSON and rejects other types (wsgi.py, get_content_type). */
function isJsonType(contentType: string | undefined): boolean {
  return /^(application\/json|text\/plain)\s*(;|$)/i.test(contentType || 'application/json');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const comma = findTrailingComma(text);
    const reason =
      comma === null
        ? (error as Error).message
        : `trailing comma at ${location(text, comma)}: JSON has none after the last property`;
    throw new GatewayError('BAD_USER_INPUT', `Malformed request body: ${reason}`);
  }
}

/**
 * The index of the first comma outside a string that only whitespace separates from a closing brace or bracket; null if
 * there is none. A scan, because a regular expression takes quadratic time for an unterminated string full of quotes.
 */
function findTrailingComma(text: string): number | null {
  let comma: number | null = null;
  let isString = false;
  for (let i = 0; i < text.length; i++) {
    const char = text[i] ?? '';
    if (isString) {
      if (char === '\\') i++;
      else if (char === '"') isString = false;
    } else if (char === ',') comma = i;
    else if (comma !== null && (char === '}' || char === ']')) return comma;
    else if (!WHITESPACE.has(char)) {
      comma = null;
      isString = char === '"';
    }
  }
  return null;
}

/** What JSON allows between tokens. */
const WHITESPACE = new Set([' ', '\t', '\n', '\r']);

function location(text: string, index: number): string {
  const lines = text.slice(0, index).split('\n');
  return `line ${lines.length} column ${(lines.at(-1)?.length ?? 0) + 1}`;
}
