import type { ViewerResolvers } from '../generated.ts';

/** Who the token is: what Keystone said when it validated it. */
export const Viewer: ViewerResolvers = {
  user: ({ userId, userName, userDomainName }) => ({ id: userId, name: userName, domainName: userDomainName }),
  project: ({ projectId, projectName, projectDomainName }) => ({
    id: projectId,
    name: projectName,
    domainName: projectDomainName,
  }),
  roles: (identity) => identity.roles,
  expiresAt: (identity) => new Date(identity.expiresAt),
};
