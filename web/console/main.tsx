import './style.css';
import { useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { readPageConfig } from '../shared/config.ts';
import { createSession, useSession } from '../shared/session.ts';
import { SignIn } from '../shared/sign-in.tsx';
import type { ConsoleConfig } from './config.ts';
import { Console } from './console.tsx';
import { ThemeSwitch } from './theme-switch.tsx';

const config = readPageConfig<ConsoleConfig>();
const session = createSession();

/** The sign-in, or the console of who is signed in. The sandbox signs in by itself. */
function App() {
  const state = useSession(session);
  const [isTrying, setTrying] = useState(config.token !== null);
  useEffect(() => {
    if (config.token !== null) void session.signIn(config.token).then(() => setTrying(false));
  }, []);
  if (state)
    return <Console key={`${state.viewer.user.id} ${state.viewer.project.id}`} {...{ config, session, state }} />;
  if (isTrying) return <p className="starting">Signing in to the sandbox cloud…</p>;
  return (
    <main className="welcome">
      <h1>nova-manila-gateway</h1>
      <p>Servers and shares of your project, and what is attached to what, live.</p>
      <SignIn session={session} hasLogin={config.hasLogin} />
      <ThemeSwitch />
    </main>
  );
}

createRoot(document.querySelector('#root') as HTMLElement).render(<App />);
