import { useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { GraphiQL } from 'graphiql';
import { useEffect, useMemo, useState } from 'react';
import type { PageConfig } from './config.ts';
import { createFetcher, PATH } from './fetcher.ts';
import { createStorage } from './storage.ts';
import { createTabSubscriptions } from './subscriptions.ts';
import { TokenBox } from './token-box.tsx';

/** Shows what is wrong with the token, the gateway or a tab that is not shown. The page sets it when it is rendered. */
let showProblem = (_problem: string | null): void => {};
const subscriptions = createTabSubscriptions(`${location.origin.replace(/^http/, 'ws')}${PATH}`, (reason) =>
  showProblem(`A subscription in another tab has ended: ${reason}`),
);

/** Shows a tab's subscription again when the user returns to the tab. */
function RestoreSubscription() {
  const { run } = useGraphiQLActions();
  const tabs = useGraphiQL((state) => state.tabs);
  const active = useGraphiQL((state) => state.tabs[state.activeTabIndex]?.id ?? '');
  useEffect(() => {
    subscriptions.showTab(
      active,
      tabs.map((tab) => tab.id),
    );
  }, [active, tabs]);
  useEffect(() => {
    if (subscriptions.isInBackground(active)) void run();
  }, [active, run]);
  return null;
}

/** GraphiQL with one token for all operations. */
export function Page({ config }: { config: PageConfig }) {
  const [token, setToken] = useState(config.token ?? '');
  const [problem, setProblem] = useState<string | null>(null);
  showProblem = setProblem;
  const fetcher = useMemo(() => createFetcher(token, subscriptions, setProblem), [token]);
  const storage = useMemo(() => createStorage(localStorage, config.sandbox, config.examples), [config]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new token ends the subscriptions of the old one.
  useEffect(
    () => () => {
      subscriptions.close();
      setProblem(null);
    },
    [token],
  );
  return (
    <>
      <header>
        <strong>nova-manila-gateway</strong>
        {config.sandbox && <em>Sandbox cloud: nothing here is real</em>}
        <TokenBox token={token} onToken={setToken} />
        {problem && (
          <p className="problem" role="alert">
            {problem}
          </p>
        )}
        {config.hasConsole && <a href="./">Console</a>}
      </header>
      <main>
        <GraphiQL
          fetcher={fetcher}
          storage={storage}
          shouldPersistHeaders={false}
          defaultTabs={[...config.examples]}
          defaultEditorToolsVisibility="variables"
          onTabChange={({ tabs, activeTabIndex }) =>
            subscriptions.showTab(
              tabs[activeTabIndex]?.id ?? '',
              tabs.map((tab) => tab.id),
            )
          }
        >
          <RestoreSubscription />
        </GraphiQL>
      </main>
    </>
  );
}
