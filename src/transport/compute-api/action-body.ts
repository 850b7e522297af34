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

/** The first comma outside of a string with nothing between it and a closing brace or bracket; null without one. */
function findTrailingComma(text: string): number | null {
  for (const token of text.matchAll(/"(?:[^"\\]|\\.)*"|,(?=\s*[}\]])/g)) if (token[0] === ',') return token.index;
  return null;
}

function location(text: string, index: number): string {
  const lines = text.slice(0, index).split('\n');
  return `line ${lines.length} column ${(lines.at(-1)?.length ?? 0) + 1}`;
}
