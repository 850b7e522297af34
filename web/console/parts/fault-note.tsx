import { ErrorNote } from '../../shared/error-note.tsx';
import type { AttachmentRowFragment } from '../gql/graphql.ts';

/** Why an attachment failed, with the request id to quote. */
export function FaultNote({ fault }: Pick<AttachmentRowFragment, 'fault'>) {
  if (!fault) return null;
  const { message, codeRaw: code, openstackRequestId } = fault;
  return <ErrorNote error={{ message, extensions: { code, ...(openstackRequestId && { openstackRequestId }) } }} />;
}
