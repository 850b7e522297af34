import { ErrorNote } from '../../shared/error-note.tsx';
import type { Choice, Pair } from './pairs.ts';
import type { AttachOption, Check } from './use-checks.ts';

/** What the gateway says about the chosen way; undefined until it is checked. */
export const chosenOption = (check: Check | undefined, via: Choice['via']): AttachOption | undefined =>
  check && 'options' in check ? check.options.find((option) => option.via === via) : undefined;

const WAYS = { ACCESS_RULE: 'over the network', VIRTIOFS: 'by virtiofs' };

interface CheckedPairProps {
  readonly pair: Pair;
  readonly check: Check | undefined;
  readonly choice: Choice;
  readonly onChoice: (choice: Choice) => void;
}

function Problems({ check, choice, onChoice }: { check: Check } & Omit<CheckedPairProps, 'pair' | 'check'>) {
  if ('error' in check) return <ErrorNote error={check.error} />;
  const option = chosenOption(check, choice.via);
  const other = check.options.find(({ via, isOpen }) => via !== choice.via && isOpen);
  return (
    <>
      <ul className="problems">
        {option?.problems.map(({ code, message, certainty }) => (
          <li key={code + message} className={certainty.toLowerCase()}>
            {certainty === 'CERTAIN' ? '' : 'Perhaps: '}
            {message}
          </li>
        ))}
      </ul>
      {!option?.isOpen && other && (
        <button type="button" className="small" onClick={() => onChoice({ ...choice, via: other.via })}>
          It can be attached {WAYS[other.via]}: choose that
        </button>
      )}
    </>
  );
}

/** A pair with what stands against attaching it, before anything is done. */
export function CheckedPair({ pair, check, choice, onChoice }: CheckedPairProps) {
  const option = chosenOption(check, choice.via);
  const words = !check ? 'Checking…' : option?.isOpen ? 'Can be attached' : 'Cannot be attached';
  return (
    <li>
      <strong>{pair.shareName}</strong> to <strong>{pair.serverName}</strong>{' '}
      <span className={`status ${!check ? 'busy' : option?.isOpen ? 'good' : 'bad'}`}>{words}</span>
      {option?.isOpen && option.accessTo.length > 0 && (
        <span className="quiet"> admits {option.accessTo.join(', ')}</span>
      )}
      {check && <Problems check={check} choice={choice} onChoice={onChoice} />}
    </li>
  );
}
