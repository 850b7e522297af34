import { CriticalityLevel, diff } from '@graphql-inspector/core';
import type { GraphQLSchema } from 'graphql';

/** A change that breaks operations which were valid in the released schema. */
export interface BreakingChange {
  /** `Type.field`, `Type.field.argument` or `Type`. */
  readonly path: string;
  readonly message: string;
}

/** The breaking changes since a release that the changelog does not name. */
export async function unnamedBreakingChanges(
  released: GraphQLSchema,
  current: GraphQLSchema,
  changelog: string,
): Promise<BreakingChange[]> {
  const clauses = breakingClauses(changelog);
  const changes = await diff(released, current);
  return changes
    .filter(({ criticality }) => criticality.level === CriticalityLevel.Breaking)
    .map(({ path = '', message }) => ({ path, message }))
    .filter(({ path }) => !clauses.some((clause) => path.split('.').every((name) => clause.has(name))));
}

/** The part of a changelog that is about later versions than this one. Throws when it has no such version. */
export function changesSince(changelog: string, version: string): string {
  const end = changelog.indexOf(`\n## [${version}]`);
  if (end === -1) throw new Error(`CHANGELOG.md: expected the version ${version}`);
  return changelog.slice(0, end);
}

/**
 * The names in code of each clause that announces a breaking change. A change is named when one clause has all names of
 * its path: `Server.name`, or `name` beside `Server`.
 */
function breakingClauses(changelog: string): ReadonlySet<string>[] {
  return changelog
    .split(/\n(?=- |#)/)
    .filter((item) => item.startsWith('- **Breaking:**'))
    .flatMap((item) => item.split(/;|\.\s/))
    .map((clause) => new Set([...clause.matchAll(/`([^`]+)`/g)].flatMap(([, code = '']) => code.split(/[^\w]+/))));
}
