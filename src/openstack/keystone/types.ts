/** Keystone's JSON, as API v3 sends it (keystone api-ref v3, `authentication-and-token-management`). */

export interface CatalogEndpoint {
  /** `public`, `internal` or `admin`. */
  interface: string;
  region: string | null;
  region_id: string | null;
  url: string;
}

export interface CatalogEntry {
  type: string;
  name?: string;
  endpoints: CatalogEndpoint[];
}

/** The services that a token can use, with their URLs. */
export type Catalog = readonly CatalogEntry[];

interface TokenDomain {
  id: string | null;
  name: string;
}

/** The body of `GET /auth/tokens` and `POST /auth/tokens`. The token itself is in the header X-Subject-Token. */
export interface Token {
  methods: string[];
  /** Only in a token from a trust. */
  'OS-TRUST:trust'?: object;
  user: { id: string; name: string; domain: TokenDomain };
  /** Only in a project-scoped token. */
  project?: { id: string; name: string; domain: TokenDomain };
  /** Only in a domain-scoped token. */
  domain?: TokenDomain;
  /** Only in a system-scoped token. */
  system?: { all: boolean };
  roles?: { id: string; name: string }[];
  catalog?: CatalogEntry[];
  /** ISO 8601 with microseconds, UTC. */
  expires_at: string;
  issued_at: string;
}

/** A Keystone resource by its id, or by its name where that is unique. */
export type DomainReference = { readonly id: string } | { readonly name: string };
export type ScopedReference = { readonly id: string } | { readonly name: string; readonly domain: DomainReference };

/** Credentials for which Keystone issues a token. */
export type Credentials =
  | {
      readonly method: 'password';
      readonly user: ScopedReference;
      readonly password: string;
      readonly project: ScopedReference;
    }
  | {
      readonly method: 'application_credential';
      /** A name needs its user. */
      readonly application: { readonly id: string } | { readonly name: string; readonly user: ScopedReference };
      readonly secret: string;
    };
