import type { NodeResolvers } from '../generated.ts';

/** The type of an object that the loader of nodes has found. */
export const Node: NodeResolvers = {
  __resolveType: (node) => node.__typename,
};
