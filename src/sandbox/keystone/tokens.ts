import { type Cloud, type Project, remember, type Token, type User } from '../cloud.ts';
import { ApiError } from '../http.ts';
import { newAuditId, newTokenId } from '../ids.ts';

/** TTL of a token, in ms: eight hours, as on many clouds; Keystone's default is one. */
export const TOKEN_TTL_MS = 8 * 3_600_000;
const MAX_TOKENS = 100_000;

const UNAUTHENTICATED = 'The request you have made requires authentication.';

/** The token of a request to a route that needs none. */
export const ANONYMOUS: Token = {
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

/** Adds the implied roles: each of admin, manager, member and reader implies the later ones. */
export function withImplied(roles: readonly string[]): string[] {
  const ladder = ['reader', 'member', 'manager', 'admin'];
  const highest = Math.max(-1, ...roles.map((role) => ladder.indexOf(role)));
  return [...new Set([...roles, ...ladder.slice(0, highest + 1)])];
}

/** Issues a token. Null if the user has no role in the project. */
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
  remember(cloud.tokens, token.id, token, MAX_TOKENS);
  return token;
}

/** The token with an id, if it is valid now. */
export function validToken(cloud: Cloud, id: string | undefined): Token | null {
  const token = id === undefined ? undefined : cloud.tokens.get(id);
  return token && !token.isRevoked && token.expiresAt > Date.now() ? token : null;
}

/**
 * Validates a token as keystonemiddleware does before Nova or Manila, but without its cache: a revoked token is rejected at
 * once. Throws the middleware's 401, whose body differs from the services'; a token without a project gets the services' 403.
 */
export function authenticate(cloud: Cloud, id: string | undefined, origin: string): Token {
  const token = validToken(cloud, id);
  if (!token) throw unauthenticated(origin, true);
  // no policy of the services names other roles
  if (!token.project || !token.roles.some((role) => role === 'reader' || role === 'service')) {
    throw new ApiError(403, 'forbidden', 'Access was denied to this resource.');
  }
  return token;
}

/** The 401 of Keystone, or of its middleware. */
export function unauthenticated(origin: string, isFromMiddleware: boolean): ApiError {
  const headers = { 'www-authenticate': `Keystone uri="${origin}/identity/v3"` };
  return new ApiError(401, 'unauthorized', UNAUTHENTICATED, headers, isFromMiddleware);
}

/** The middleware's body for a 401. */
export function middlewareBody(error: ApiError): unknown {
  return { error: { code: error.status, title: 'Unauthorized', message: error.message } };
}
