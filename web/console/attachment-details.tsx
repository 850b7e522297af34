import { useEffect, useRef, useState } from 'react';
import { useQuery } from 'urql';
import { CopyButton } from '../shared/copy-button.tsx';
import { useConsole } from './context.ts';
import { DetachDialog } from './detach-dialog.tsx';
import { AttachmentDocument, type AttachmentQuery } from './gql/graphql.ts';
import { FaultNote } from './parts/fault-note.tsx';
import { PanelErrors } from './parts/panel-errors.tsx';
import { Status } from './parts/status.tsx';

type Details = NonNullable<AttachmentQuery['shareAttachment']>;

/** Commands to run in the guest, each with a button that copies it. */
export function MountCommands({ commands }: { commands: readonly string[] }) {
  return (
    <ul className="commands">
      {commands.map((command) => (
        <li key={command}>
          <code>{command}</code>
          <CopyButton text={command} label="Copy the mount command" />
        </li>
      ))}
    </ul>
  );
}

function Rules({ rules }: { rules: Details['accessRules'] }) {
  if (rules.length === 0) return null;
  return (
    <dl>
      <dt>Access rules</dt>
      {rules.map(({ id, accessType, accessTo, state }) => (
        <dd key={id}>
          {accessType.toLowerCase()} {accessTo} <Status status={state} />
        </dd>
      ))}
    </dl>
  );
}

function Facts({ attachment }: { attachment: Details }) {
  const { status, mountCommands, accessRules, warnings, guestSeenAt, createdAt } = attachment;
  return (
    <>
      <FaultNote fault={attachment.fault} />
      {warnings.map(({ code, message }) => (
        <p className="note" key={code}>
          {message}
        </p>
      ))}
      {status === 'ATTACHED' && mountCommands && mountCommands.length > 0 && (
        <>
          <p>Mount it in the guest, as root:</p>
          <MountCommands commands={mountCommands} />
        </>
      )}
      <Rules rules={accessRules} />
      <dl>
        {createdAt && (
          <>
            <dt>Requested</dt>
            <dd>{new Date(createdAt).toLocaleString()}</dd>
          </>
        )}
        {guestSeenAt && (
          <>
            <dt>Guest agent</dt>
            <dd>read its list {new Date(guestSeenAt).toLocaleString()}</dd>
          </>
        )}
      </dl>
    </>
  );
}

/** Events have what the gateway keeps. What Manila keeps, such as the state of each access rule, is read after them. */
function useReadAgain(updatedAt: string | null | undefined, read: () => void) {
  const last = useRef(updatedAt);
  const latestRead = useRef(read);
  latestRead.current = read;
  useEffect(() => {
    if (last.current && updatedAt && last.current !== updatedAt) latestRead.current();
    last.current = updatedAt;
  }, [updatedAt]);
}

/** Everything about one attachment, and what can be done with it. It follows the subscription. */
export function AttachmentDetails({ serverId, shareId }: { serverId: string; shareId: string }) {
  const { selection } = useConsole();
  const [{ data, error, fetching }, read] = useQuery({
    query: AttachmentDocument,
    variables: { serverId, shareId },
    requestPolicy: 'cache-and-network',
  });
  const [isDetaching, setDetaching] = useState(false);
  const attachment = data?.shareAttachment ?? null;
  useReadAgain(attachment?.updatedAt, () => read({ requestPolicy: 'network-only' }));
  return (
    <aside className="details" aria-label="Details of the attachment">
      <header>
        <h3>
          {attachment?.share?.name ?? shareId} on {attachment?.server?.name ?? serverId}
        </h3>
        {attachment && <Status status={attachment.status} />}
        <button
          type="button"
          className="small"
          aria-label="Close the details"
          onClick={() => selection.update({ attachment: null })}
        >
          ✕
        </button>
      </header>
      <PanelErrors error={error ?? null} isBusy={fetching} onRetry={() => read({ requestPolicy: 'network-only' })} />
      {attachment ? <Facts attachment={attachment} /> : !fetching && !error && <p>It is not attached any more.</p>}
      {attachment && attachment.status !== 'DETACHED' && (
        <footer>
          <button type="button" className="danger" onClick={() => setDetaching(true)}>
            Detach…
          </button>
        </footer>
      )}
      {isDetaching && attachment && <DetachDialog attachments={[attachment]} onClose={() => setDetaching(false)} />}
    </aside>
  );
}
