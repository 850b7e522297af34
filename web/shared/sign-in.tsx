import { type FormEvent, type ReactNode, useState } from 'react';
import { ErrorNote } from './error-note.tsx';
import type { ApiError } from './post.ts';
import { ProjectChoice } from './project-choice.tsx';
import { logIn, type UserProject } from './projects.ts';
import type { Session } from './session.ts';

interface SignInProps {
  readonly session: Session;
  /** Whether the gateway takes a user name and a password. */
  readonly hasLogin: boolean;
  /** Whose session has expired: the name is filled in, and the project chosen. */
  readonly before?: { readonly user: string; readonly projectId: string };
}

interface FormProps {
  readonly words: string;
  readonly action: () => Promise<ApiError | null>;
  readonly children: ReactNode;
}

/** A form whose action says what failed. */
function Form({ words, action, children }: FormProps) {
  const [error, setError] = useState<ApiError | null>(null);
  const [isBusy, setBusy] = useState(false);
  async function submit(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    setError(await action());
    setBusy(false);
  }
  return (
    <form className="sign-in" onSubmit={(event) => void submit(event)}>
      {children}
      {error && <ErrorNote error={error} />}
      <button type="submit" className="primary" disabled={isBusy}>
        {isBusy ? 'Signing in…' : words}
      </button>
    </form>
  );
}

function TokenForm({ session }: Pick<SignInProps, 'session'>) {
  const [token, setToken] = useState('');
  return (
    <Form words="Sign in" action={() => session.signIn(token.trim())}>
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
    </Form>
  );
}

/** The password goes to Keystone through the gateway. Neither it nor the token is stored. */
function PasswordForm({ session, before }: Omit<SignInProps, 'hasLogin'>) {
  const [user, setUser] = useState(before?.user ?? '');
  const [domain, setDomain] = useState('Default');
  const [password, setPassword] = useState('');
  const [signedIn, setSignedIn] = useState<{ token: string; projects: readonly UserProject[] } | null>(null);

  async function submit() {
    const { login, error } = await logIn({ user, domain, password });
    setPassword('');
    if (!login) return error;
    const only = login.projects.length === 1 ? login.projects[0] : undefined;
    const same = login.projects.find(({ id }) => id === before?.projectId);
    const project = same ?? only;
    if (project) return await session.signInTo(login.token, project.id);
    setSignedIn(login);
    return login.projects.length === 0 ? { message: 'You have a role in no project' } : null;
  }

  if (signedIn && signedIn.projects.length > 0) {
    return (
      <ProjectChoice
        projects={signedIn.projects}
        onChoose={(projectId) => session.signInTo(signedIn.token, projectId)}
      />
    );
  }
  return (
    <Form words="Sign in" action={submit}>
      <label htmlFor="user">User name</label>
      <input
        id="user"
        autoComplete="username"
        value={user}
        required
        onChange={(event) => setUser(event.target.value)}
      />
      <label htmlFor="domain">Domain</label>
      <input id="domain" value={domain} required onChange={(event) => setDomain(event.target.value)} />
      <label htmlFor="password">Password</label>
      <input
        id="password"
        type="password"
        autoComplete="current-password"
        value={password}
        required
        onChange={(event) => setPassword(event.target.value)}
      />
    </Form>
  );
}

/** Signs in with a Keystone token, or with a user name and a password. The token is kept in memory only. */
export function SignIn({ session, hasLogin, ...rest }: SignInProps) {
  const [isByToken, setByToken] = useState(!hasLogin);
  return (
    <>
      {isByToken ? <TokenForm session={session} /> : <PasswordForm session={session} {...rest} />}
      {hasLogin && (
        <button type="button" className="small" onClick={() => setByToken(!isByToken)}>
          {isByToken ? 'With user name and password' : 'With a token'}
        </button>
      )}
    </>
  );
}
