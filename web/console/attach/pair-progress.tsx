import { useQuery } from 'urql';
import { ErrorNote } from '../../shared/error-note.tsx';
import { MountCommands } from '../attachment-details.tsx';
import { AttachmentDocument } from '../gql/graphql.ts';
import type { Outcome } from '../outcomes.ts';
import { FaultNote } from '../parts/fault-note.tsx';
import { Status } from '../parts/status.tsx';
import type { Pair } from './pairs.ts';

/** Reads the attachment when the request is accepted; from then on the subscription's events change it. */
function Progress({ serverId, shareId }: Pair) {
  const [{ data, error }] = useQuery({
    query: AttachmentDocument,
    variables: { serverId, shareId },
    requestPolicy: 'cache-and-network',
  });
  const attachment = data?.shareAttachment;
  if (!attachment) return <span className="quiet">{error ? error.message : 'Accepted'}</span>;
  const { fault, status, mountCommands } = attachment;
  return (
    <>
      <Status status={status} />
      <FaultNote fault={fault} />
      {status === 'ATTACHED' && mountCommands && <MountCommands commands={mountCommands} />}
    </>
  );
}

/** How the attach of one pair goes on. */
export function PairProgress({ pair, outcome }: { pair: Pair; outcome: Outcome }) {
  return (
    <li>
      <strong>{pair.shareName}</strong> to <strong>{pair.serverName}</strong>{' '}
      {'error' in outcome ? (
        <ErrorNote error={outcome.error} />
      ) : outcome.state === 'waiting' ? (
        <span className="status busy">Requesting</span>
      ) : (
        <Progress {...pair} />
      )}
    </li>
  );
}
