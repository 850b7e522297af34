/** An operation that has a tab of its own when the page opens. */
export interface Example {
  readonly query: string;
  /** JSON text. */
  readonly variables?: string;
}

/** What the gateway tells the page: transport/graphiql.ts writes it as JSON into the HTML. */
export interface PageConfig {
  /** A token that works right away, in the sandbox; else null. */
  readonly token: string | null;
  /** Whether the cloud is the sandbox. */
  readonly sandbox: boolean;
  readonly examples: readonly Example[];
}

/** Reads the page's config from its HTML; throws when the HTML has none. */
export function readPageConfig(): PageConfig {
  return JSON.parse(document.querySelector('#config')?.textContent ?? '') as PageConfig;
}
