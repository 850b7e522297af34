/** An operation that is open in a tab when the page loads. */
export interface Example {
  readonly query: string;
  /** JSON text. */
  readonly variables?: string;
}

/** The page's configuration: src/transport/graphiql/page.ts writes it as JSON into the HTML. */
export interface PageConfig {
  /** A token of the sandbox's demo user; null on a real cloud. */
  readonly token: string | null;
  /** Whether the cloud is the sandbox. */
  readonly sandbox: boolean;
  /** Whether the console is served too. */
  readonly hasConsole: boolean;
  readonly examples: readonly Example[];
}

/** Reads the configuration from the HTML. @throws when the HTML has none */
export function readPageConfig(): PageConfig {
  return JSON.parse(document.querySelector('#config')?.textContent ?? '') as PageConfig;
}
