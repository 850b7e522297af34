import { useEffect, useRef, useState } from 'react';
import { statusWords } from './status.tsx';

const TYPING_MS = 250;

interface FilterBoxProps<StatusName extends string> {
  readonly label: string;
  readonly statuses: readonly StatusName[];
  readonly onFilter: (filter: { name: string; status: StatusName | '' }) => void;
}

/** A filter by name, which applies when the user stops typing, and by status. */
export function FilterBox<StatusName extends string>({ label, statuses, onFilter }: FilterBoxProps<StatusName>) {
  const [name, setName] = useState('');
  const [status, setStatus] = useState<StatusName | ''>('');
  const apply = useRef(onFilter);
  apply.current = onFilter;
  const isFirst = useRef(true);
  useEffect(() => {
    if (isFirst.current) {
      isFirst.current = false;
      return;
    }
    const timer = setTimeout(() => apply.current({ name: name.trim(), status }), TYPING_MS);
    return () => clearTimeout(timer);
  }, [name, status]);
  return (
    <div className="filters">
      <input
        type="search"
        aria-label={`Filter ${label} by name`}
        placeholder="Name contains…"
        maxLength={255}
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <select
        aria-label={`Filter ${label} by status`}
        value={status}
        onChange={(event) => setStatus(event.target.value as StatusName | '')}
      >
        <option value="">Any status</option>
        {statuses.map((each) => (
          <option key={each} value={each}>
            {statusWords(each)}
          </option>
        ))}
      </select>
    </div>
  );
}
