import type { SignInConfig } from '../shared/config.ts';

/** The page's configuration: src/transport/console/page.ts writes it. */
export interface ConsoleConfig extends SignInConfig {
  /** Whether GraphiQL is served too. */
  readonly hasGraphiql: boolean;
}
