import type { ResultOf, VariablesOf } from '@graphql-typed-document-node/core';
import { graphql } from './gql';

const ATTACH = graphql(`
  mutation Attach($input: AttachSharesInput!) {
    attachShares(input: $input) {
      outcomes {
        attachment {
          id
          status
          createdAt
        }
        error {
          code
          message
        }
      }
    }
  }
`);

export const variables: VariablesOf<typeof ATTACH> = { input: { attachments: [{ serverId: 'a', shareId: 'b' }] } };

/** The messages of the pairs to try again. */
export function toRepeat({ attachShares }: ResultOf<typeof ATTACH>): string[] {
  return (attachShares?.outcomes ?? []).flatMap(({ error }) =>
    error?.code === 'LIMIT_EXCEEDED' ? [error.message] : [],
  );
}

/** When the first one was requested: a DateTime is a string. */
export function firstRequest({ attachShares }: ResultOf<typeof ATTACH>): string | undefined {
  return attachShares?.outcomes[0]?.attachment?.createdAt?.slice(0, 10);
}

// @ts-expect-error a server has no such field
export const wrong: ResultOf<typeof ATTACH> = { attachShares: { outcomes: [{ attachment: { created: '' } }] } };
