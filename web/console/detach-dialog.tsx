import { useState } from 'react';
import { useMutation } from 'urql';
import { Dialog } from '../shared/dialog.tsx';
import { ErrorNote } from '../shared/error-note.tsx';
import type { ApiError } from '../shared/post.ts';
import { type AttachmentRowFragment, DetachSharesDocument } from './gql/graphql.ts';
import { outcomesOf } from './outcomes.ts';

interface DetachDialogProps {
  readonly attachments: readonly AttachmentRowFragment[];
  readonly onClose: () => void;
}

const nameOf = ({ share, server, shareId, serverId }: AttachmentRowFragment) =>
  `${share?.name ?? shareId} from ${server?.name ?? serverId}`;

/** Warns that a guest may still use the share, and detaches. */
export function DetachDialog({ attachments, onClose }: DetachDialogProps) {
  const [, detach] = useMutation(DetachSharesDocument);
  const [errors, setErrors] = useState<ReadonlyMap<string, ApiError>>(new Map());
  const [isBusy, setBusy] = useState(false);
  const [grace, setGrace] = useState(0);

  async function detachAll() {
    setBusy(true);
    const input = attachments.map(({ serverId, shareId, via }) => ({
      serverId,
      shareId,
      unmountGraceSeconds: via === 'ACCESS_RULE' ? grace : 0,
    }));
    const result = await detach({ input: { attachments: input } });
    const outcomes = outcomesOf(attachments, result, result.data?.detachShares?.outcomes);
    const failures = [...outcomes].flatMap(([id, outcome]) =>
      'error' in outcome ? [[id, outcome.error] as const] : [],
    );
    setBusy(false);
    setErrors(new Map(failures));
    if (failures.length === 0) onClose();
  }

  const mountPoints = attachments.flatMap(({ mountPoint }) => (mountPoint ? [mountPoint] : []));
  return (
    <Dialog
      title={attachments.length === 1 ? 'Detach a share' : `Detach ${attachments.length} shares`}
      onClose={onClose}
    >
      <p className="note">
        Unmount in the guest first: some back ends end the mount at once, and a process that has a file open there may
        hang or lose what it has not written.
      </p>
      <ul className="pairs">
        {attachments.map((attachment) => (
          <li key={attachment.id}>
            {nameOf(attachment)}
            {errors.get(attachment.id) && <ErrorNote error={errors.get(attachment.id) as ApiError} />}
          </li>
        ))}
      </ul>
      {mountPoints.length > 0 && (
        <pre>
          <code>{mountPoints.map((path) => `umount ${path}`).join('\n')}</code>
        </pre>
      )}
      {attachments.some(({ via }) => via === 'ACCESS_RULE') && (
        <label className="field">
          Seconds for the guest agent to unmount, 0 to 600
          <input
            type="number"
            min={0}
            max={600}
            value={grace}
            onChange={(event) => setGrace(Math.min(600, Math.max(0, Math.trunc(event.target.valueAsNumber) || 0)))}
          />
        </label>
      )}
      <footer>
        <button type="button" onClick={onClose}>
          Cancel
        </button>
        <button type="button" className="danger" disabled={isBusy} onClick={() => void detachAll()}>
          {isBusy ? 'Detaching…' : 'Detach'}
        </button>
      </footer>
    </Dialog>
  );
}
