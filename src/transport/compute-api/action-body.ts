import { GatewayError } from '../../errors.ts';
import { readShareActionRequest, type ShareActionRequest } from './schema.ts';

/** An action on a server that is the gateway's own. */
export interface ShareAction extends ShareActionRequest {
  name: 'share_attach' | 'share_detach';
}

/**
 * Reads the body of an action: null for one that is not ours, and so Nova's to judge. Ours is an object whose only key is
 * `share_attach` or `share_detach`, and what would be one if it were JSON. Throws BAD_USER_INPUT.
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

/** No type, and text/plain, are JSON to Nova; any other it refuses (wsgi.py, get_content_type). */
function isJsonType(contentType: string | undefined): boolean {
  return /^(application\/json|text\/plain)\s*(;|$)/i.test(contentType || 'application/json');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const comma = findTrailingComma(text);
    const why =
      comma === null
        ? (error as Error).message
        : `trailing comma at ${location(text, comma)}: JSON has none after the last property`;
    throw new GatewayError('BAD_USER_INPUT', `Malformed request body: ${why}`);
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
