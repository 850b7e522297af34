import type { OperationResult } from '@urql/core';
import type { ApiError } from '../shared/post.ts';
import { apiErrors } from './api-error.ts';

/** What became of one pair: not answered yet, accepted, or the error. */
export type Outcome = { readonly state: 'waiting' } | { readonly state: 'accepted' } | { readonly error: ApiError };

interface PairOutcome {
  readonly serverId: string;
  readonly shareId: string;
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly openstackRequestId: string | null;
  } | null;
}

function toApiError({ code, message, openstackRequestId }: NonNullable<PairOutcome['error']>): ApiError {
  return { message, extensions: { code, ...(openstackRequestId && { openstackRequestId }) } };
}

/** The outcome of each pair by the id of its attachment. An error of the whole request is that of each pair. */
export function outcomesOf(
  pairs: readonly { readonly id: string }[],
  { error }: OperationResult,
  outcomes: readonly PairOutcome[] = [],
): ReadonlyMap<string, Outcome> {
  const whole = error && (apiErrors(error)[0] ?? { message: error.message });
  const byId = new Map(outcomes.map((outcome) => [`${outcome.serverId}:${outcome.shareId}`, outcome]));
  return new Map(
    pairs.map(({ id }): [string, Outcome] => {
      const failure = byId.get(id)?.error;
      if (failure) return [id, { error: toApiError(failure) }];
      return [id, byId.has(id) || !whole ? { state: 'accepted' } : { error: whole }];
    }),
  );
}
