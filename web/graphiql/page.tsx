import { useGraphiQL, useGraphiQLActions } from '@graphiql/react';
import { GraphiQL } from 'graphiql';
import { useEffect, useMemo, useState } from 'react';
import type { PageConfig } from './config.ts';
import { makeFetcher } from './fetcher.ts';
import { makeListeners } from './listening.ts';
import { makeStorage } from './storage.ts';
import { TokenBox } from './token-box.tsx';

const listeners = makeListeners(`${location.origin.replace(/^http/, 'ws')}/graphql`);

/** Shows a tab's subscription again when the user comes back to the tab. */
function KeepListening() {
  const { run } = useGraphiQLActions();
  const tabs = useGraphiQL((state) => state.tabs);
  const active = useGraphiQL((state) => state.tabs[state.activeTabIndex]?.id ?? '');
  useEffect(() => {
    listeners.showTab(
      active,
      tabs.map((tab) => tab.id),
    );
  }, [active, tabs]);
  useEffect(() => {
    if (listeners.isAway(active)) void run();
  }, [active, run]);
  return null;
}

/** GraphiQL with one token for everything that it sends. */
export function Page({ config }: { config: PageConfig }) {
  const [token, setToken] = useState(config.token ?? '');
  const fetcher = useMemo(() => makeFetcher(token, listeners), [token]);
  const storage = useMemo(() => makeStorage(localStorage, config.sandbox, config.examples), [config]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another token ends what listened with the old one.
  useEffect(() => () => listeners.close(), [token]);
  return (
    <>
      <header>
        <strong>nova-manila-gateway</strong>
        {config.sandbox && <em>Sandbox cloud: nothing here is real</em>}
        <TokenBox token={token} onToken={setToken} />
      </header>
      <main>
        <GraphiQL
          fetcher={fetcher}
          storage={storage}
          shouldPersistHeaders={false}
          defaultTabs={[...config.examples]}
          defaultEditorToolsVisibility="variables"
          onTabChange={({ tabs, activeTabIndex }) =>
            listeners.showTab(
              tabs[activeTabIndex]?.id ?? '',
              tabs.map((tab) => tab.id),
            )
          }
        >
          <KeepListening />
        </GraphiQL>
      </main>
    </>
  );
}
