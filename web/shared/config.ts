/** What every page's configuration has: src/transport writes it as JSON into the HTML. */
export interface SignInConfig {
  /** A token of the sandbox's demo user; null on a real cloud. */
  readonly token: string | null;
  /** Whether the cloud is the sandbox. */
  readonly sandbox: boolean;
  /** Whether the gateway takes user names and passwords to Keystone (CONSOLE_LOGIN). */
  readonly hasLogin: boolean;
}

/** Reads the configuration from the HTML. @throws when the HTML has none */
export function readPageConfig<Config>(): Config {
  return JSON.parse(document.querySelector('#config')?.textContent ?? '') as Config;
}
