import type { ReactNode } from 'react';
import { CopyButton } from './copy-button.tsx';
import type { ApiError } from './post.ts';

/** What the API said, with the request id to quote. */
export function ErrorNote({ error, children }: { error: ApiError; children?: ReactNode }) {
  const { code, requestId, openstackRequestId } = error.extensions ?? {};
  const id = openstackRequestId ?? requestId;
  return (
    <div className="error-note" role="alert">
      <p>
        {code && <strong>{code}: </strong>}
        {error.message}
      </p>
      {id && (
        <p className="request-id">
          Request id <code>{id}</code> <CopyButton text={id} label="Copy the request id" />
        </p>
      )}
      {children}
    </div>
  );
}
