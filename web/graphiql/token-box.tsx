import { type FormEvent, useEffect, useState } from 'react';
import { post } from './fetcher.ts';

interface Viewer {
  readonly user: { readonly name: string };
  readonly project: { readonly name: string };
  readonly roles: readonly string[];
  readonly expiresAt: string;
}

const VIEWER = 'query Viewer { viewer { user { name } project { name } roles expiresAt } }';

interface Standing {
  readonly text: string;
  readonly isBad: boolean;
}

const NO_TOKEN: Standing = { text: 'No token yet', isBad: false };

/** Says who a token is, or why the gateway refuses it. */
async function ask(token: string): Promise<Standing> {
  const { data, errors } = await post({ query: VIEWER }, { 'X-Auth-Token': token });
  const viewer = (data as { viewer?: Viewer } | null | undefined)?.viewer;
  if (!viewer) return { text: errors?.[0]?.message ?? 'The gateway did not say who this is', isBad: true };
  const until = new Date(viewer.expiresAt).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
  const who = `${viewer.user.name} in project ${viewer.project.name} (${viewer.roles.join(', ')})`;
  return { text: `${who}, until ${until}`, isBad: false };
}

/** The one box for the token. It is taken on Enter, on leaving the box, and right when it is pasted; it is kept in memory only. */
export function TokenBox({ token, onToken }: { token: string; onToken(token: string): void }) {
  const [draft, setDraft] = useState(token);
  const [standing, setStanding] = useState(NO_TOKEN);
  useEffect(() => {
    let isCurrent = true;
    setStanding(NO_TOKEN);
    if (token) void ask(token).then((answer) => isCurrent && setStanding(answer));
    return () => {
      isCurrent = false;
    };
  }, [token]);
  const take = (event?: FormEvent) => {
    event?.preventDefault();
    onToken(draft.trim());
  };
  return (
    <form className="token" onSubmit={take}>
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
        onBlur={() => take()}
      />
      <output className={standing.isBad ? 'bad' : ''} title={standing.text}>
        {standing.text}
      </output>
    </form>
  );
}
