import { type FormEvent, useEffect, useState } from 'react';
import { post } from './fetcher.ts';

interface Viewer {
  readonly user: { readonly name: string };
  readonly project: { readonly name: string };
  readonly roles: readonly string[];
  readonly expiresAt: string;
}

const VIEWER = 'query Viewer { viewer { user { name } project { name } roles expiresAt } }';

interface TokenStatus {
  readonly text: string;
  readonly isInvalid: boolean;
}

const NO_TOKEN: TokenStatus = { text: 'No token', isInvalid: false };

/** Reads whose token it is, or why the gateway rejects it. */
async function readStatus(token: string): Promise<TokenStatus> {
  const { data, errors } = await post({ query: VIEWER }, { 'X-Auth-Token': token });
  const viewer = (data as { viewer?: Viewer } | null | undefined)?.viewer;
  if (!viewer) return { text: errors?.[0]?.message ?? 'The gateway did not return a viewer', isInvalid: true };
  const until = new Date(viewer.expiresAt).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
  const who = `${viewer.user.name} in project ${viewer.project.name} (${viewer.roles.join(', ')})`;
  return { text: `${who}, until ${until}`, isInvalid: false };
}

/** The token input. The token applies on Enter, on blur and on paste, and is kept in memory only. */
export function TokenBox({ token, onToken }: { token: string; onToken(token: string): void }) {
  const [draft, setDraft] = useState(token);
  const [status, setStatus] = useState(NO_TOKEN);
  useEffect(() => {
    let isCurrent = true;
    setStatus(NO_TOKEN);
    if (token) void readStatus(token).then((read) => isCurrent && setStatus(read));
    return () => {
      isCurrent = false;
    };
  }, [token]);
  const apply = (event?: FormEvent) => {
    event?.preventDefault();
    onToken(draft.trim());
  };
  return (
    <form className="token" onSubmit={apply}>
      <label htmlFor="token">Token (X-Auth-Token)</label>
      <input
        id="token"
        type="password"
        autoComplete="off"
        spellCheck={false}
        placeholder="openstack token issue -f value -c id"
        value={draft}
        onChange={(event) => {
          setDraft(event.target.value);
          if ((event.nativeEvent as InputEvent).inputType === 'insertFromPaste') onToken(event.target.value.trim());
        }}
        onBlur={() => apply()}
      />
      <output className={status.isInvalid ? 'invalid' : ''} title={status.text}>
        {status.text}
      </output>
    </form>
  );
}
