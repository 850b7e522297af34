import type { ExportLocationResolvers } from '../generated.ts';
import { upstreamReaders } from './upstream-value.ts';

const { text, flag, stringMap } = upstreamReaders('manila');

/** ExportLocation's fields from Manila's JSON. */
export const ExportLocation: ExportLocationResolvers = {
  id: (location) => location.id,
  path: (location) => text(location, 'path'),
  preferred: (location) => flag(location, 'preferred') ?? false,
  metadata: (location) => stringMap(location, 'metadata') ?? {},
};
