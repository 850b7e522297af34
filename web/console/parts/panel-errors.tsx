import type { CombinedError } from '@urql/core';
import { ErrorNote } from '../../shared/error-note.tsx';
import { apiErrors } from '../api-error.ts';

interface PanelErrorsProps {
  readonly error: CombinedError | null;
  readonly isBusy: boolean;
  readonly onRetry: () => void;
}

/** What could not be read, and a button to try again. */
export function PanelErrors({ error, isBusy, onRetry }: PanelErrorsProps) {
  const [first, ...others] = error ? apiErrors(error) : [];
  if (!first) return null;
  return (
    <ErrorNote error={first}>
      {others.length > 0 && <p>and {others.length} more</p>}
      <button type="button" className="small" disabled={isBusy} onClick={onRetry}>
        {isBusy ? 'Trying…' : 'Try again'}
      </button>
    </ErrorNote>
  );
}
