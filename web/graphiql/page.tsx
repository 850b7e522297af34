import { useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { GraphiQL } from 'graphiql';
import { useEffect, useMemo, useState } from 'react';
import type { PageConfig } from './config.ts';
import { createFetcher, PATH } from './fetcher.ts';
import { createStorage } from './storage.ts';
import { createTabSubscriptions } from './subscriptions.ts';
import { TokenBox } from './token-box.tsx';

const subscriptions = createTabSubscriptions(`${location.origin.replace(/^http/, 'ws')}${PATH}`);

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
  const fetcher = useMemo(() => createFetcher(token, subscriptions), [token]);
  const storage = useMemo(() => createStorage(localStorage, config.sandbox, config.examples), [config]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new token ends the subscriptions of the old one.
  useEffect(() => () => subscriptions.close(), [token]);
  return (
    <>
      <header>
        <strong>nova-manila-gateway</strong>
        {config.sandbox && <em>Sandbox cloud: nothing here is real</em>}
        <TokenBox token={token} onToken={setToken} />
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
