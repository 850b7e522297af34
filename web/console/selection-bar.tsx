import { useMemo, useState } from 'react';
import { AttachDialog } from './attach/attach-dialog.tsx';
import { MAX_PAIRS, pairsOf } from './attach/pairs.ts';
import { useConsole } from './context.ts';
import { useStore } from './store.ts';

const NOTHING: ReadonlyMap<string, string> = new Map();

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function hintOf(servers: number, shares: number): string {
  if (servers === 0 && shares === 0) return 'Select servers and shares to attach.';
  if (servers === 0) return 'Select a server too.';
  if (shares === 0) return 'Select a share too.';
  if (servers * shares > MAX_PAIRS) return `At most ${MAX_PAIRS} pairs at once.`;
  return '';
}

/** What is selected, and the button that attaches it. */
export function SelectionBar() {
  const { selection } = useConsole();
  const servers = useStore(selection, (state) => state.servers);
  const shares = useStore(selection, (state) => state.shares);
  const pairs = useMemo(() => pairsOf(servers, shares), [servers, shares]);
  const [isOpen, setOpen] = useState(false);
  const hint = hintOf(servers.size, shares.size);
  return (
    <div className="selection">
      <button
        type="button"
        className="primary"
        disabled={hint !== ''}
        aria-describedby="selection-hint"
        onClick={() => setOpen(true)}
      >
        Attach…
      </button>
      <span id="selection-hint">
        {hint || `${counted(shares.size, 'share')} to ${counted(servers.size, 'server')}`}
      </span>
      {servers.size + shares.size > 0 && (
        <button type="button" className="small" onClick={() => selection.update({ servers: NOTHING, shares: NOTHING })}>
          Clear the selection
        </button>
      )}
      {isOpen && <AttachDialog pairs={pairs} onClose={() => setOpen(false)} />}
    </div>
  );
}
