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

/** The services that a token can be used with, and where they are. */
export type Catalog = readonly CatalogEntry[];

interface DomainReference {
  id: string | null;
  name: string;
}

/** What `GET /auth/tokens` and `POST /auth/tokens` say of a token. The token itself is in the header X-Subject-Token. */
export interface Token {
  methods: string[];
  /** Only in a token from a trust. */
  'OS-TRUST:trust'?: object;
  user: { id: string; name: string; domain: DomainReference };
  /** Only in a project-scoped token. */
  project?: { id: string; name: string; domain: DomainReference };
  /** Only in a domain-scoped token. */
  domain?: DomainReference;
  /** Only in a system-scoped token. */
  system?: { all: boolean };
  roles?: { id: string; name: string }[];
  catalog?: CatalogEntry[];
  /** ISO 8601 with microseconds, UTC. */
  expires_at: string;
  issued_at: string;
}
