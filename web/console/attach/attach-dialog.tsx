import { useState } from 'react';
import { useMutation } from 'urql';
import { Dialog } from '../../shared/dialog.tsx';
import { AttachSharesDocument } from '../gql/graphql.ts';
import { type Outcome, outcomesOf } from '../outcomes.ts';
import { AttachForm } from './attach-form.tsx';
import { CheckedPair, chosenOption } from './checked-pair.tsx';
import { PairProgress } from './pair-progress.tsx';
import { type Choice, FIRST_CHOICE, inputOf, type Pair } from './pairs.ts';
import { useChecks } from './use-checks.ts';

interface AttachDialogProps {
  readonly pairs: readonly Pair[];
  readonly onClose: () => void;
}

function buttonWords(open: number, all: number, isChecked: boolean): string {
  if (!isChecked) return 'Checking…';
  if (open === 0) return 'Nothing can be attached';
  return all === 1 ? 'Attach' : `Attach ${open} of ${all}`;
}

/** Checks the pairs while the user chooses how to attach them, attaches those that are open, and shows how they go on. */
export function AttachDialog({ pairs, onClose }: AttachDialogProps) {
  const [choice, setChoice] = useState<Choice>(FIRST_CHOICE);
  const [outcomes, setOutcomes] = useState<ReadonlyMap<string, Outcome>>(new Map());
  const [, attach] = useMutation(AttachSharesDocument);
  const checks = useChecks(pairs, choice);
  const open = pairs.filter((pair) => chosenOption(checks.get(pair.id), choice.via)?.isOpen);
  const isStarted = outcomes.size > 0;
  const started = pairs.filter(({ id }) => outcomes.has(id));

  async function attachAll() {
    setOutcomes(new Map(open.map(({ id }) => [id, { state: 'waiting' }])));
    const attachments = open.map((pair) => ({ ...inputOf(pair, choice), via: choice.via }));
    const result = await attach({ input: { attachments } });
    setOutcomes(outcomesOf(open, result, result.data?.attachShares?.outcomes));
  }

  const title = pairs.length === 1 ? 'Attach a share' : `Attach ${pairs.length} pairs`;
  if (isStarted) {
    return (
      <Dialog title={title} onClose={onClose}>
        <ul className="pairs">
          {started.map((pair) => (
            <PairProgress key={pair.id} pair={pair} outcome={outcomes.get(pair.id) ?? { state: 'waiting' }} />
          ))}
        </ul>
        <footer>
          <button type="button" className="primary" onClick={onClose}>
            Close
          </button>
        </footer>
      </Dialog>
    );
  }
  return (
    <Dialog title={title} onClose={onClose}>
      <AttachForm choice={choice} onChoice={setChoice} />
      <ul className="pairs" aria-label="What is to be attached">
        {pairs.map((pair) => (
          <CheckedPair key={pair.id} pair={pair} check={checks.get(pair.id)} choice={choice} onChoice={setChoice} />
        ))}
      </ul>
      <footer>
        <button type="button" onClick={onClose}>
          Cancel
        </button>
        <button
          type="button"
          className="primary"
          disabled={checks.size < pairs.length || open.length === 0}
          onClick={() => void attachAll()}
        >
          {buttonWords(open.length, pairs.length, checks.size === pairs.length)}
        </button>
      </footer>
    </Dialog>
  );
}
