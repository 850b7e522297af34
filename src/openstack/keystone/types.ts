/** Keystone's JSON, as API v3 sends it (keystone api-ref v3, `authentication-and-token-management`). */

export interface CatalogEndpoint {
  /** `public`, `internal` or `admin`. */
  interface: string;
  region: string | null | undefined;
  region_id: string | null | undefined;
  url: string;
}

export interface CatalogEntry {
  type: string;
  endpoints: CatalogEndpoint[];
}

/** The services that a token can use, with their URLs. */
export type Catalog = readonly CatalogEntry[];

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
