import type { Example } from './config.ts';

const EXAMPLES = 'graphiql:examples';
const TABS = 'graphiql:tabState';
const QUERY = 'graphiql:query';
const VARIABLES = 'graphiql:variables';

/** GraphiQL's history stores the headers of every operation, and a header may contain a token. */
const withoutHeaders = (text: string) =>
  JSON.stringify(JSON.parse(text), (key, value: unknown) => (key === 'headers' ? null : value));

/**
 * GraphiQL's storage of tabs, history and theme: the browser's local storage, without headers.
 * In the sandbox, tabs with other examples are removed: their ids may belong to a sandbox that no longer runs.
 */
export function createStorage(local: Storage, sandbox: boolean, examples: readonly Example[]) {
  const current = JSON.stringify(examples);
  if (sandbox && local.getItem(EXAMPLES) !== current) local.removeItem(TABS);
  local.setItem(EXAMPLES, current);
  if (!local.getItem(TABS)) {
    // the first content of the editors: GraphiQL reads these keys instead of the first tab's variables
    local.setItem(QUERY, examples[0]?.query ?? '');
    local.setItem(VARIABLES, examples[0]?.variables ?? '');
  }
  return {
    getItem: (key: string) => local.getItem(key),
    setItem: (key: string, text: string) => {
      local.setItem(key, /^graphiql:(queries|favorites)$/.test(key) ? withoutHeaders(text) : text);
    },
    removeItem: (key: string) => local.removeItem(key),
    clear: () => local.clear(),
    get length() {
      return local.length;
    },
  };
}
