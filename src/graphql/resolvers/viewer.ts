import type { ViewerResolvers } from '../generated.ts';

/** Viewer's fields from Keystone's validation of the token. */
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
