/** Replaces src/transport/graphql-http/fast-path.ts: every request goes through Apollo Server. */
import type { createFastPath as create } from '../../src/transport/graphql-http/fast-path.ts';

export const createFastPath = (): ReturnType<typeof create> => ({ respond: () => null, remember: () => {} });
