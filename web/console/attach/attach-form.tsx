import type { Choice } from './pairs.ts';

interface AttachFormProps {
  readonly choice: Choice;
  readonly onChoice: (choice: Choice) => void;
}

/** How to attach: the same for all pairs. */
export function AttachForm({ choice, onChoice }: AttachFormProps) {
  const isVirtiofs = choice.via === 'VIRTIOFS';
  return (
    <div className="fields">
      <label className="field">
        Mount point in the guest
        <input
          type="text"
          value={choice.mountPoint}
          maxLength={255}
          spellCheck={false}
          onChange={(event) => onChoice({ ...choice, mountPoint: event.target.value })}
        />
      </label>
      <label className="field">
        Access
        <select
          value={choice.accessLevel}
          onChange={(event) => onChoice({ ...choice, accessLevel: event.target.value as Choice['accessLevel'] })}
        >
          <option value="READ_WRITE">Read and write</option>
          <option value="READ_ONLY">Read only</option>
        </select>
      </label>
      <label className="field">
        Way
        <select
          value={choice.via}
          onChange={(event) => onChoice({ ...choice, via: event.target.value as Choice['via'] })}
        >
          <option value="ACCESS_RULE">Over the network (access rules)</option>
          <option value="VIRTIOFS">virtiofs (server stopped)</option>
        </select>
      </label>
      {isVirtiofs ? (
        <label className="field">
          Tag, if not the share’s id
          <input
            type="text"
            value={choice.tag}
            maxLength={36}
            spellCheck={false}
            onChange={(event) => onChoice({ ...choice, tag: event.target.value })}
          />
        </label>
      ) : (
        <label className="field">
          Clients, if not the server’s addresses
          <input
            type="text"
            value={choice.accessTo}
            maxLength={1000}
            placeholder="a user for CIFS"
            spellCheck={false}
            onChange={(event) => onChoice({ ...choice, accessTo: event.target.value })}
          />
        </label>
      )}
    </div>
  );
}
