import { useEffect, useState } from 'react';
import { useClient } from 'urql';
import type { ApiError } from '../../shared/post.ts';
import { apiErrors } from '../api-error.ts';
import { AttachShareCheckDocument, type AttachShareCheckQuery } from '../gql/graphql.ts';
import { runEach } from '../run-each.ts';
import { type Choice, inputOf, type Pair } from './pairs.ts';

export type AttachOption = NonNullable<AttachShareCheckQuery['attachShareCheck']>[number];

/** What the gateway says about a pair: each way to attach, or why it could not be checked. */
export type Check = { readonly options: readonly AttachOption[] } | { readonly error: ApiError };

const TYPING_MS = 300;

/** Asks the gateway of each pair whether it could be attached as chosen. A pair without an entry is not checked yet. */
export function useChecks(pairs: readonly Pair[], choice: Choice): ReadonlyMap<string, Check> {
  const client = useClient();
  const [checks, setChecks] = useState<ReadonlyMap<string, Check>>(new Map());
  useEffect(() => {
    let isCurrent = true;
    setChecks(new Map());
    const check = async (pair: Pair) => {
      if (!isCurrent) return;
      const { data, error } = await client
        .query(AttachShareCheckDocument, { input: inputOf(pair, choice) }, { requestPolicy: 'network-only' })
        .toPromise();
      if (!isCurrent) return;
      const failure = error ? (apiErrors(error)[0] ?? { message: error.message }) : null;
      const found: Check = failure ? { error: failure } : { options: data?.attachShareCheck ?? [] };
      setChecks((before) => new Map(before).set(pair.id, found));
    };
    const timer = setTimeout(() => void runEach(pairs, check), TYPING_MS);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [client, pairs, choice]);
  return checks;
}
