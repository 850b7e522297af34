import type { AttachmentRowFragment } from '../gql/graphql.ts';
import { statusWords } from './status.tsx';

const MAX_NAMES = 3;

interface AttachedProps {
  readonly attachments: readonly AttachmentRowFragment[] | null | undefined;
  /** What stands at the other end. */
  readonly nameOf: (attachment: AttachmentRowFragment) => string;
  readonly none: string;
}

/** The other ends of attachments in one line, each with its status unless that is ATTACHED. */
export function Attached({ attachments, nameOf, none }: AttachedProps) {
  if (!attachments) return <span className="quiet">Attachments cannot be read</span>;
  if (attachments.length === 0) return <span className="quiet">{none}</span>;
  const more = attachments.length - MAX_NAMES;
  return (
    <>
      {attachments.slice(0, MAX_NAMES).map((attachment) => (
        <span className={`chip ${attachment.status.toLowerCase()}`} key={attachment.id}>
          {nameOf(attachment)}
          {attachment.status !== 'ATTACHED' && ` · ${statusWords(attachment.status)}`}
        </span>
      ))}
      {more > 0 && <span className="quiet">and {more} more</span>}
    </>
  );
}
