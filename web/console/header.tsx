import { useEffect, useState } from 'react';
import type { SessionState } from '../shared/session.ts';
import { gatewayUrl } from '../shared/urls.ts';
import type { ConsoleConfig } from './config.ts';
import { useConsole } from './context.ts';
import type { LiveState } from './live.ts';
import { ProjectMenu } from './project-menu.tsx';
import { useStore } from './store.ts';
import { ThemeSwitch } from './theme-switch.tsx';

/** How long a resumed connection is announced, in ms. */
const RESUMED_MS = 15_000;

function wordsOf({ phase, reason, since, caughtUp }: LiveState, now: number): string {
  if (phase === 'connecting') return 'Connecting…';
  if (phase === 'signed-out') return 'Signed out';
  if (phase === 'lost') return `Connection lost: ${reason}. Trying again…`;
  if (caughtUp === null || now - since > RESUMED_MS) return 'Live';
  const missed =
    caughtUp === 0 ? 'nothing happened meanwhile' : `${caughtUp} ${caughtUp === 1 ? 'event' : 'events'} caught up`;
  return `Connection resumed, ${missed}`;
}

const TONES = { connecting: 'busy', live: 'good', lost: 'bad', 'signed-out': 'bad' };

/** How the page hears of changes: live, lost with the reason, or resumed with what it caught up with. */
function Connection() {
  const { live } = useConsole();
  const state = useStore(live.state, (value) => value);
  const [now, setNow] = useState(Date.now());
  // biome-ignore lint/correctness/useExhaustiveDependencies: the announcement starts with each change of the phase
  useEffect(() => {
    setNow(Date.now());
    const timer = setTimeout(() => setNow(Date.now()), RESUMED_MS + 1000);
    return () => clearTimeout(timer);
  }, [state.since]);
  return (
    <output className="connection" aria-live="polite">
      <span className={`status ${TONES[state.phase]}`}>{wordsOf(state, now)}</span>
    </output>
  );
}

interface HeaderProps {
  readonly config: ConsoleConfig;
  readonly state: SessionState;
}

/** Who is signed in, the connection, and where to go from here. */
export function Header({ config, state }: HeaderProps) {
  const { session } = useConsole();
  return (
    <header className="bar">
      <h1>nova-manila-gateway</h1>
      {config.sandbox && <em>Sandbox cloud: nothing here is real</em>}
      <Connection />
      <ProjectMenu state={state} />
      <ThemeSwitch />
      {config.hasGraphiql && <a href={gatewayUrl('graphql')}>GraphiQL</a>}
      <button type="button" className="small" onClick={session.signOut}>
        Sign out
      </button>
    </header>
  );
}
