import { MAX_PAIRS, type PairOutcome } from '../../attachments/bulk.ts';
import { GatewayError } from '../../errors.ts';
import { attachArguments, detachArguments } from '../arguments.ts';
import type { GatewayContext } from '../context.ts';
import { formatError } from '../errors.ts';
import { type AttachmentOutcomeResolvers, ErrorCode, type MutationResolvers, type OutcomeError } from '../generated.ts';
import { clearLoaders } from './mutation.ts';
import { enumValue } from './upstream-value.ts';

interface Pair {
  readonly serverId: string;
  readonly shareId: string;
}

/** What became of a pair, with the ids as the client gave them. */
export type GivenOutcome = Pair & PairOutcome;

/** The mutations of many pairs. */
export const BulkMutation: Pick<MutationResolvers, 'attachShares' | 'detachShares'> = {
  attachShares: (_root, { input }, context) =>
    outcomesOf(context, input.attachments, attachArguments, (requests) =>
      context.attachments.attachMany(context.session, requests),
    ),
  detachShares: (_root, { input }, context) =>
    outcomesOf(context, input.attachments, detachArguments, (requests) =>
      context.attachments.detachMany(context.session, requests),
    ),
};

/** Works on the pairs whose arguments are valid; the error of any other is its outcome. */
async function outcomesOf<G extends Pair, R extends Pair>(
  { loaders }: GatewayContext,
  given: readonly G[],
  read: (one: G) => R,
  work: (requests: readonly R[]) => Promise<PairOutcome[]>,
): Promise<{ outcomes: GivenOutcome[] }> {
  if (given.length < 1 || given.length > MAX_PAIRS) {
    throw new GatewayError('BAD_USER_INPUT', `input.attachments: expected 1 to ${MAX_PAIRS}, got ${given.length}`);
  }
  const parsed = given.map((one) => readPair(one, read));
  const requests = parsed.flatMap((one) => ('request' in one ? [one.request] : []));
  const done = await work(requests);
  for (const request of requests) clearLoaders(loaders, request);
  const results = done.values();
  return {
    outcomes: given.map(({ serverId, shareId }, index) => {
      const one = parsed[index];
      const outcome = one && 'error' in one ? one : (results.next().value as PairOutcome);
      return { serverId, shareId, ...outcome };
    }),
  };
}

function readPair<G, R>(given: G, read: (one: G) => R): { request: R } | { error: unknown } {
  try {
    return { request: read(given) };
  } catch (error) {
    return { error };
  }
}

/** AttachmentOutcome's fields: the error as the mutation for one pair would report it. */
export const AttachmentOutcome: AttachmentOutcomeResolvers = {
  serverId: (outcome) => outcome.serverId,
  shareId: (outcome) => outcome.shareId,
  attachment: (outcome) => ('attachment' in outcome ? outcome.attachment : null),
  error: (outcome, _args, { requestId, log }) => {
    if (!('error' in outcome)) return null;
    const { message, extensions } = formatError(outcome.error, { requestId, log });
    const { code, ...details } = extensions as Partial<OutcomeError>;
    return { ...details, message, code: enumValue(ErrorCode, code) };
  },
};
