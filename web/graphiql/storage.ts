import type { Example } from './config.ts';

const EXAMPLES = 'graphiql:examples';
const TABS = 'graphiql:tabState';
const QUERY = 'graphiql:query';
const VARIABLES = 'graphiql:variables';

/** GraphiQL's history keeps the headers of every operation, and a header may hold a token. */
const withoutHeaders = (text: string) =>
  JSON.stringify(JSON.parse(text), (key, value: unknown) => (key === 'headers' ? null : value));

/**
 * Where GraphiQL keeps tabs, history and its looks: the browser's local storage, but never a header.
 * Tabs kept from other examples are forgotten in the sandbox, since ids in them may be of a cloud that is gone.
 */
export function makeStorage(local: Storage, sandbox: boolean, examples: readonly Example[]) {
  const shown = JSON.stringify(examples);
  if (sandbox && local.getItem(EXAMPLES) !== shown) local.removeItem(TABS);
  local.setItem(EXAMPLES, shown);
  if (!local.getItem(TABS)) {
    // What the editors show at first: GraphiQL takes these, and not the first tab's variables.
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
