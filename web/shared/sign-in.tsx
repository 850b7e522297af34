import { type FormEvent, useState } from 'react';
import { ErrorNote } from './error-note.tsx';
import type { ApiError } from './post.ts';
import type { Session } from './session.ts';

/** Signs in with a Keystone token. The token is kept in memory only. */
export function SignIn({ session, onSignedIn }: { session: Session; onSignedIn?: () => void }) {
  const [token, setToken] = useState('');
  const [error, setError] = useState<ApiError | null>(null);
  const [isBusy, setBusy] = useState(false);

  async function submit(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    const failure = await session.signIn(token.trim());
    setBusy(false);
    setError(failure);
    if (!failure) onSignedIn?.();
  }

  return (
    <form className="sign-in" onSubmit={(event) => void submit(event)}>
      <label htmlFor="token">Token (X-Auth-Token)</label>
      <input
        id="token"
        type="password"
        autoComplete="off"
        spellCheck={false}
        placeholder="openstack token issue -f value -c id"
        value={token}
        required
        onChange={(event) => setToken(event.target.value)}
      />
      {error && <ErrorNote error={error} />}
      <button type="submit" className="primary" disabled={isBusy}>
        {isBusy ? 'Signing in…' : 'Sign in'}
      </button>
    </form>
  );
}
