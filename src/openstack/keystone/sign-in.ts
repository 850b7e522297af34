/** Signing in a person: a user name and a password, then the choice of a project. */
import type { Logger } from 'pino';
import { z } from 'zod';
import type { Cloud } from '../cloud.ts';
import { type Call, invalidResponse } from '../http/call.ts';
import { firstOf } from '../http/response.ts';
import { send } from '../http/send.ts';

/** A project in which the user has a role. */
export interface UserProject {
  readonly id: string;
  readonly name: string;
  readonly domainId: string | null;
}

/** Whose request it is. */
export interface SignInContext {
  readonly cloud: Cloud;
  readonly requestId: string;
  readonly log: Logger;
}

/** Its own part of the connections to Keystone: many sign-ins do not keep the gateway from validating tokens. */
const SIGN_IN = 'sign-in';

/** Maximum number of projects that are returned. */
const MAX_PROJECTS = 1000;

/** Issues a token without a project. Throws an OpenStackError; wrong credentials are a 401. */
export async function issueUnscopedToken(
  context: SignInContext,
  { user, domain, password }: { user: string; domain: string; password: string },
): Promise<string> {
  const identity = {
    methods: ['password'],
    password: { user: { name: user, domain: { name: domain }, password } },
  };
  // a user with a default project would get a token of it without the explicit scope
  return await issue(context, { auth: { identity, scope: 'unscoped' } });
}

/** Issues a token of a project for a user who has a token. It expires with that one. Throws an OpenStackError. */
export async function issueProjectToken(context: SignInContext, token: string, projectId: string): Promise<string> {
  const identity = { methods: ['token'], token: { id: token } };
  return await issue(context, { auth: { identity, scope: { project: { id: projectId } } } });
}

/** Lists the projects in which the user of a token has a role (`GET /auth/projects`). Throws an OpenStackError. */
export async function listOwnProjects(context: SignInContext, token: string): Promise<UserProject[]> {
  const call = { ...callOf(context, 'GET', '/auth/projects'), token };
  const response = await send(call, context.cloud.settings.timeoutMs);
  const { data } = PROJECTS.safeParse(response.body);
  if (!data) throw invalidResponse(call, response, 'projects');
  return data.projects
    .filter(({ enabled }) => enabled !== false)
    .slice(0, MAX_PROJECTS)
    .map(({ id, name, domain_id: domainId }) => ({ id, name: name ?? id, domainId: domainId ?? null }));
}

const PROJECTS = z.object({
  projects: z.array(
    z.object({
      id: z.string(),
      name: z.string().nullish(),
      domain_id: z.string().nullish(),
      enabled: z.boolean().nullish(),
    }),
  ),
});

async function issue(context: SignInContext, body: object): Promise<string> {
  const call = { ...callOf(context, 'POST', '/auth/tokens'), body };
  const response = await send(call, context.cloud.settings.timeoutMs);
  const token = firstOf(response.headers['x-subject-token']);
  if (token === null) throw invalidResponse(call, response, 'X-Subject-Token');
  return token;
}

function callOf({ cloud, requestId, log }: SignInContext, method: Call['method'], path: string): Call {
  const url = `${cloud.authUrl}${path}`;
  return { cloud, service: 'keystone', method, url, path, token: null, project: SIGN_IN, requestId, log };
}
