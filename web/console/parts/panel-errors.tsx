import type { CombinedError } from '@urql/core';
import { ErrorNote } from '../../shared/error-note.tsx';
import { apiErrors } from '../api-error.ts';

/** What could not be read, and a button to try again. */
export function PanelErrors({ error, onRetry }: { error: CombinedError | null; onRetry: () => void }) {
  const [first, ...others] = error ? apiErrors(error) : [];
  if (!first) return null;
  return (
    <ErrorNote error={first}>
      {others.length > 0 && <p>and {others.length} more</p>}
      <button type="button" className="small" onClick={onRetry}>
        Try again
      </button>
    </ErrorNote>
  );
}
