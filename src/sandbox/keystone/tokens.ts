import { type Cloud, type Project, remember, type Token, type User } from '../cloud.ts';
import { Refusal } from '../http.ts';
import { newAuditId, newTokenId } from '../ids.ts';

/** How long a token lives, ms: Keystone's default of an hour, times eight as most clouds have it. */
export const TOKEN_LIFE_MS = 8 * 3_600_000;
const MOST_TOKENS = 100_000;

const UNAUTHENTICATED = 'The request you have made requires authentication.';

/** Stands in for the caller's token where a route needs none. */
export const ANYBODY: Token = {
  id: '',
  user: { id: '', name: '', password: '', grants: [] },
  project: null,
  roles: [],
  methods: [],
  auditIds: [],
  issuedAt: 0,
  expiresAt: 0,
  isRevoked: true,
};

/** Roles imply others in Keystone: admin, manager, member, reader. */
export function withImplied(roles: readonly string[]): string[] {
  const ladder = ['reader', 'member', 'manager', 'admin'];
  const highest = Math.max(-1, ...roles.map((role) => ladder.indexOf(role)));
  return [...new Set([...roles, ...ladder.slice(0, highest + 1)])];
}

/** Makes a token. Null when the user has no role in the project. */
export function issueToken(
  cloud: Cloud,
  user: User,
  project: Project | null,
  details: { methods: readonly string[]; auditIds: readonly string[]; expiresAt: number },
): Token | null {
  const grant = user.grants.find((each) => each.project === project);
  if (project && !grant) return null;
  const token: Token = {
    id: newTokenId(),
    user,
    project,
    roles: withImplied(grant?.roles ?? []),
    methods: details.methods,
    auditIds: [newAuditId(), ...details.auditIds],
    issuedAt: Date.now(),
    expiresAt: details.expiresAt,
    isRevoked: false,
  };
  remember(cloud.tokens, token.id, token, MOST_TOKENS);
  return token;
}

/** The token behind an id, where it is good now. */
export function goodToken(cloud: Cloud, id: string | undefined): Token | null {
  const token = id === undefined ? undefined : cloud.tokens.get(id);
  return token && !token.isRevoked && token.expiresAt > Date.now() ? token : null;
}

/**
 * What keystonemiddleware does before a request reaches Nova or Manila. Unlike a real one it keeps no cache, so that a
 * revoked token is refused at once. Throws its own 401, whose body is shaped unlike the services'; a token without a
 * project gets the services' 403.
 */
export function authenticate(cloud: Cloud, id: string | undefined, origin: string): Token {
  const token = goodToken(cloud, id);
  if (!token) throw unauthenticated(origin, true);
  if (!token.project) throw new Refusal(403, 'forbidden', 'Access was denied to this resource.');
  return token;
}

/** The 401 of Keystone, or of its middleware. */
export function unauthenticated(origin: string, isFromMiddleware: boolean): Refusal {
  const headers = { 'www-authenticate': `Keystone uri="${origin}/identity/v3"` };
  return new Refusal(401, 'unauthorized', UNAUTHENTICATED, headers, isFromMiddleware);
}

/** The middleware's body for a 401. */
export function middlewareBody(refusal: Refusal): unknown {
  return { error: { code: refusal.status, title: 'Unauthorized', message: refusal.message } };
}
