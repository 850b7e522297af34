import type { ExportLocationResolvers } from '../generated.ts';

/** ExportLocation's fields from Manila's JSON. */
export const ExportLocation: ExportLocationResolvers = {
  id: (location) => location.id,
  path: (location) => location.path,
  preferred: (location) => location.preferred ?? false,
  metadata: (location) => location.metadata ?? {},
};
