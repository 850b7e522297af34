import { useEffect, useState } from 'react';
import { Provider } from 'urql';
import { Dialog } from '../shared/dialog.tsx';
import type { Session, SessionState } from '../shared/session.ts';
import { SignIn } from '../shared/sign-in.tsx';
import { Attachments } from './attachments.tsx';
import { createConsoleClient } from './client.ts';
import type { ConsoleConfig } from './config.ts';
import { ConsoleProvider, type Selection } from './context.ts';
import { Header } from './header.tsx';
import { startLive } from './live.ts';
import { SelectionBar } from './selection-bar.tsx';
import { Servers } from './servers.tsx';
import { Shares } from './shares.tsx';
import { createEventSocket } from './socket.ts';
import { createStore } from './store.ts';
import { Timeline } from './timeline.tsx';

const NO_SELECTION: Selection = { servers: new Map(), shares: new Map(), attachment: null };

/** The client, the subscription and the selection of one user in one project. */
function start(session: Session) {
  const socket = createEventSocket(session);
  const client = createConsoleClient(session, socket);
  const cursor = session.state()?.eventCursor ?? null;
  const live = startLive({ client, socket, session, cursor });
  return { client, context: { session, live, selection: createStore(NO_SELECTION) } };
}

const VIEWS = { servers: 'Servers', attachments: 'Attachments', timeline: 'Timeline', shares: 'Shares' } as const;
type View = keyof typeof VIEWS;

/** On a narrow screen one view at a time; on a wide one servers and shares stay beside the middle, which is one of two. */
function Views() {
  const [view, setView] = useState<View>('attachments');
  const isTimeline = view === 'timeline';
  return (
    <main data-view={view}>
      <nav aria-label="Views">
        {Object.entries(VIEWS).map(([name, words]) => (
          <button
            type="button"
            key={name}
            className={`view-${name}`}
            aria-pressed={view === name}
            onClick={() => setView(name as View)}
          >
            {words}
          </button>
        ))}
      </nav>
      <Servers />
      <section className="panel middle" aria-label={isTimeline ? 'Timeline' : 'Attachments'}>
        <SelectionBar />
        {isTimeline ? <Timeline /> : <Attachments />}
      </section>
      <Shares />
    </main>
  );
}

interface ConsoleProps {
  readonly config: ConsoleConfig;
  readonly session: Session;
  readonly state: SessionState;
}

/** The console of a user who is signed in. When the token expires it stays as it is, behind the sign-in. */
export function Console({ config, session, state }: ConsoleProps) {
  const [started, setStarted] = useState<ReturnType<typeof start> | null>(null);
  useEffect(() => {
    const next = start(session);
    setStarted(next);
    return () => next.context.live.stop();
  }, [session]);
  if (!started) return null;
  return (
    <Provider value={started.client}>
      <ConsoleProvider value={started.context}>
        <Header config={config} state={state} />
        <Views />
        {state.expired !== null && (
          <Dialog title="Sign in again">
            <p className="note">{state.expired}. What you see stays as it is.</p>
            <SignIn
              session={session}
              hasLogin={config.hasLogin}
              before={{ user: state.viewer.user.name, projectId: state.viewer.project.id }}
            />
          </Dialog>
        )}
      </ConsoleProvider>
    </Provider>
  );
}
