/** A thing in Keystone by its id, or by its name where that is unique. */
export type DomainReference = { readonly id: string } | { readonly name: string };
export type ScopedReference = { readonly id: string } | { readonly name: string; readonly domain: DomainReference };

/** What a token can be had for. */
export type Credentials =
  | {
      readonly method: 'password';
      readonly user: ScopedReference;
      readonly password: string;
      readonly project: ScopedReference;
    }
  | {
      readonly method: 'application_credential';
      /** By name it needs its user. */
      readonly application: { readonly id: string } | { readonly name: string; readonly user: ScopedReference };
      readonly secret: string;
    };

/** The body of `POST /auth/tokens`. An application credential carries its project: a scope beside it is refused. */
export function authRequest(credentials: Credentials): unknown {
  if (credentials.method === 'password') {
    const { user, password, project } = credentials;
    return {
      auth: { identity: { methods: ['password'], password: { user: { ...user, password } } }, scope: { project } },
    };
  }
  const { application, secret } = credentials;
  return {
    auth: {
      identity: { methods: ['application_credential'], application_credential: { ...application, secret } },
    },
  };
}
