import type { CombinedError } from '@urql/core';
import type { ApiError } from '../shared/post.ts';

/** The errors of a result, each said once: a service that is away fails at many paths. */
export function apiErrors({ graphQLErrors, networkError }: CombinedError): readonly ApiError[] {
  if (networkError) return [{ message: `The gateway did not respond: ${networkError.message}` }];
  const byMessage = new Map(graphQLErrors.map((error) => [error.message, error as ApiError]));
  return [...byMessage.values()];
}
