import { type ApiError, type ApiResponse, postJson } from './post.ts';
import { gatewayUrl } from './urls.ts';

/** A project in which the user has a role. */
export interface UserProject {
  readonly id: string;
  readonly name: string;
}

export interface Login {
  /** A token without a project. */
  readonly token: string;
  readonly projects: readonly UserProject[];
}

const errorOf = ({ errors }: ApiResponse): ApiError =>
  errors?.[0] ?? { message: 'The gateway sent a response that the page cannot read' };

/** Signs in with a user name and a password. Resolves with the error if Keystone does not accept them. */
export async function logIn(credentials: {
  user: string;
  domain: string;
  password: string;
}): Promise<{ login: Login; error: null } | { login: null; error: ApiError }> {
  const response = (await postJson(gatewayUrl('console/login'), credentials, {})) as ApiResponse & Partial<Login>;
  const { token, projects } = response;
  return token && projects ? { login: { token, projects }, error: null } : { login: null, error: errorOf(response) };
}

/** The projects of the user of a token; empty if they cannot be read. */
export async function listProjects(token: string): Promise<readonly UserProject[]> {
  const headers = { 'X-Auth-Token': token };
  const response = (await postJson(gatewayUrl('console/projects'), {}, headers)) as Partial<Login>;
  return response.projects ?? [];
}

/** A token of one project. Resolves with the error if the user has no role there, or Keystone does not rescope tokens. */
export async function projectToken(
  token: string,
  projectId: string,
): Promise<{ token: string } | { token: null; error: ApiError }> {
  const headers = { 'X-Auth-Token': token };
  const response = (await postJson(gatewayUrl('console/project'), { projectId }, headers)) as ApiResponse &
    Partial<Login>;
  return response.token ? { token: response.token } : { token: null, error: errorOf(response) };
}
