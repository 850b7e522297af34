import type { Cloud, Project, Token, User } from '../cloud.ts';
import { ApiError, type ApiResponse, type Call, type Json, objectIn, type ServiceApi } from '../http.ts';
import { hexFor } from '../ids.ts';
import { zonedMicroseconds } from '../time.ts';
import { ANONYMOUS, issueToken, TOKEN_TTL_MS, unauthenticated, validToken } from './tokens.ts';

const DOMAIN = { id: 'default', name: 'Default' };
const TITLES: Record<number, string> = { 400: 'Bad Request', 401: 'Unauthorized', 403: 'Forbidden', 404: 'Not Found' };

/** Keystone's v3 API for tokens: issue, validate, revoke, catalog. Bodies as recorded from 2025.1 (keystone 27). */
export function keystoneApi(cloud: Cloud): ServiceApi {
  return {
    service: 'keystone',
    prefix: '/identity',
    authenticate: (request, route, out) => {
      out.vary = 'X-Auth-Token';
      const token = validToken(cloud, header(request.headers['x-auth-token']));
      if (!token && !route.isOpen) throw unauthenticated(`http://${request.headers.host}`, false);
      return { token: token ?? ANONYMOUS, version: 0 };
    },
    errorResponse: ({ status, message }) => ({
      status,
      body: { error: { code: status, message, title: TITLES[status] ?? 'Internal Server Error' } },
    }),
    requestIdHeaders: (requestId) => ({ 'x-openstack-request-id': requestId }),
    notInVersion: () => notFound('Could not find any API version.'),
    routes: [
      { method: 'GET', path: '/', handle: listVersions, isOpen: true },
      { method: 'GET', path: '/v3', handle: showVersion, isOpen: true },
      { method: 'GET', path: '/v3/', handle: showVersion, isOpen: true },
      { method: 'POST', path: '/v3/auth/tokens', handle: (call) => authenticate(cloud, call), isOpen: true },
      { method: ['GET', 'HEAD'], path: '/v3/auth/tokens', handle: (call) => validate(cloud, call) },
      { method: 'DELETE', path: '/v3/auth/tokens', handle: (call) => revoke(cloud, call) },
      { method: 'GET', path: '/v3/auth/catalog', handle: showCatalog },
      { method: 'GET', path: '/v3/auth/projects', handle: listOwnProjects },
    ],
  };
}

/** The projects in which the user has a role, as `GET /v3/auth/projects` lists them (api-ref v3, authentication). */
function listOwnProjects({ token, origin }: Call): ApiResponse {
  const projects = token.user.grants.map(({ project }) => ({
    id: project.id,
    name: project.name,
    domain_id: DOMAIN.id,
    description: '',
    enabled: true,
    parent_id: DOMAIN.id,
    is_domain: false,
    tags: [],
    options: {},
    links: { self: `${origin}/identity/v3/projects/${project.id}` },
  }));
  const links = { next: null, self: `${origin}/identity/v3/auth/projects`, previous: null };
  return { status: 200, body: { projects, links } };
}

function versionBody(origin: string) {
  return {
    id: 'v3.14',
    status: 'stable',
    updated: '2020-04-07T00:00:00Z',
    links: [{ rel: 'self', href: `${origin}/identity/v3/` }],
    'media-types': [{ base: 'application/json', type: 'application/vnd.openstack.identity-v3+json' }],
  };
}

function listVersions({ origin }: Call): ApiResponse {
  const body = { versions: { values: [versionBody(origin)] } };
  return { status: 300, body, headers: { location: `${origin}/identity/v3/` } };
}

function showVersion({ origin }: Call): ApiResponse {
  return { status: 200, body: { version: versionBody(origin) } };
}

function authenticate(cloud: Cloud, call: Call): ApiResponse {
  const auth = objectIn(call.body, 'auth');
  const identity = objectIn(auth, 'identity');
  if (!auth || !identity || !Array.isArray(identity.methods)) {
    throw new ApiError(400, 'badRequest', "'identity' is a required property");
  }
  const identityProof = verifyIdentity(cloud, identity);
  if (!identityProof) throw unauthenticated(call.origin, false);
  const project = projectOf(cloud, auth, identityProof.user);
  const token = project === undefined ? null : issueToken(cloud, identityProof.user, project, identityProof);
  if (!token) throw unauthenticated(call.origin, false);
  return tokenResponse(call, token, 201);
}

/** The user of a password or a valid token; a token issued from a token expires with it. Null if neither is valid. */
function verifyIdentity(cloud: Cloud, identity: Json) {
  const methods = identity.methods as unknown[];
  if (methods.includes('token')) {
    const old = validToken(cloud, String(objectIn(identity, 'token')?.id));
    const { user, auditIds, expiresAt } = old ?? ANONYMOUS;
    return old && { user, auditIds: auditIds.slice(-1), expiresAt, methods: [...new Set(['token', ...old.methods])] };
  }
  const claimed = objectIn(objectIn(identity, 'password'), 'user');
  const user = cloud.users.find(
    (each) => each.id === claimed?.id || (each.name === claimed?.name && isInDomain(claimed)),
  );
  if (!methods.includes('password') || !user || user.password !== claimed?.password) return null;
  return { user, auditIds: [], expiresAt: Date.now() + TOKEN_TTL_MS, methods: ['password'] };
}

function isInDomain(named: Json): boolean {
  const domain = objectIn(named, 'domain');
  return domain?.id === DOMAIN.id || domain?.name === DOMAIN.name;
}

/** The project of the requested scope; without a scope the user's default project; null for an unscoped token; undefined if it does not exist. */
function projectOf(cloud: Cloud, auth: Json, user: User): Project | null | undefined {
  if (auth.scope === undefined) return user.grants[0]?.project ?? null;
  if (auth.scope === 'unscoped' || objectIn(auth.scope, 'unscoped')) return null;
  const requested = objectIn(auth.scope, 'project');
  const projects = cloud.users.flatMap((each) => each.grants.map((grant) => grant.project));
  return projects.find(
    ({ id, name }) => requested && (id === requested.id || (name === requested.name && isInDomain(requested))),
  );
}

/** The subject's token, if the caller may read it: one of the same user, or any for admin and service. */
function subjectToken(cloud: Cloud, call: Call, action: string): Token {
  const id = header(call.headers['x-subject-token']);
  if (!id) throw notFound('No token in the request');
  const known = cloud.tokens.get(id);
  if (!known) throw notFound('Could not recognize Fernet token');
  const mayRead =
    known.user === call.token.user || call.token.roles.some((role) => role === 'admin' || role === 'service');
  if (!mayRead) {
    throw new ApiError(403, 'forbidden', `You are not authorized to perform the requested action: identity:${action}.`);
  }
  if (!validToken(cloud, id)) throw notFound('Failed to validate token');
  return known;
}

function validate(cloud: Cloud, call: Call): ApiResponse {
  return tokenResponse(call, subjectToken(cloud, call, 'validate_token'), 200);
}

function revoke(cloud: Cloud, call: Call): ApiResponse {
  subjectToken(cloud, call, 'revoke_token').isRevoked = true;
  return { status: 204 };
}

function showCatalog({ origin, token }: Call): ApiResponse {
  return {
    status: 200,
    body: { catalog: catalogOf(origin, token), links: { self: `${origin}/identity/v3/auth/catalog` } },
  };
}

function tokenResponse({ origin, query }: Call, token: Token, status: number): ApiResponse {
  const { user, project } = token;
  const scope = project && {
    project: { domain: DOMAIN, id: project.id, name: project.name },
    is_domain: false,
    roles: token.roles.map((name) => ({ id: hexFor(`role/${name}`), name })),
    ...(query.nocatalog === undefined && { catalog: catalogOf(origin, token) }),
  };
  const body = {
    methods: token.methods,
    user: { domain: DOMAIN, id: user.id, name: user.name, password_expires_at: null },
    audit_ids: token.auditIds,
    expires_at: zonedMicroseconds(token.expiresAt),
    issued_at: zonedMicroseconds(token.issuedAt),
    ...scope,
  };
  return { status, body: { token: body }, headers: { 'x-subject-token': token.id } };
}

const SERVICES = [
  { type: 'compute', name: 'nova', path: '/compute/v2.1' },
  { type: 'sharev2', name: 'manilav2', path: '/share/v2' },
  { type: 'identity', name: 'keystone', path: '/identity/v3' },
  { type: 'shared-file-system', name: 'manila', path: '/share/v2' },
];

/** As DevStack registers the services: Manila under both of its types. */
function catalogOf(origin: string, token: Token) {
  if (!token.project) return [];
  return SERVICES.map(({ type, name, path }) => ({
    endpoints: ['internal', 'admin', 'public'].map((name) => ({
      id: hexFor(`endpoint/${type}/${name}`),
      interface: name,
      region_id: 'RegionOne',
      url: `${origin}${path}`,
      region: 'RegionOne',
    })),
    id: hexFor(`service/${type}`),
    type,
    name,
  }));
}

function notFound(message: string): ApiError {
  return new ApiError(404, 'itemNotFound', message);
}

function header(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
