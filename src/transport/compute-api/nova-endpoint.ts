import { GatewayError } from '../../errors.ts';
import type { Cloud } from '../../openstack/cloud.ts';
import { endpointOf } from '../../openstack/http/microversions.ts';
import type { ServiceAccount } from '../../openstack/keystone/service-account.ts';
import { NOVA } from '../../openstack/services.ts';
import type { Session } from '../../openstack/session.ts';

/** Where Nova is. */
export interface Nova {
  /** Up to `/v2.1`, without a project id: Nova takes paths with and without one. */
  readonly root: string;
  /** What its links may begin with, each up to before `/v2.1`: all its addresses in the catalog. */
  readonly bases: readonly string[];
}

/** Knows where Nova is, with a token and (for the version documents, which need none) without. */
export interface NovaEndpoint {
  /** From the token's catalog. Throws UPSTREAM_UNAVAILABLE. */
  resolve(session: Session): Nova;
  /** As last seen, else from the gateway's own catalog. Throws UNAUTHENTICATED when neither is there: a token would tell. */
  lastResolved(requestId: string): Promise<Nova>;
}

export function createNovaEndpoint(cloud: Cloud, account: ServiceAccount | null): NovaEndpoint {
  let last: Nova | null = null;
  const resolve = (session: Session): Nova => {
    const root = versionRoot(endpointOf(session, NOVA));
    const urls = session.catalog
      .filter(({ type }) => NOVA.catalogTypes.includes(type))
      .flatMap(({ endpoints }) => endpoints.map(({ url }) => url));
    last = { root, bases: [...new Set([root, ...urls].map(baseOf))] };
    return last;
  };
  return {
    resolve,
    async lastResolved(requestId) {
      if (last) return last;
      const override = cloud.settings.endpointOverrides.nova;
      if (override !== undefined) return { root: versionRoot(override), bases: [baseOf(override)] };
      if (account) return resolve(await account.session(requestId));
      throw new GatewayError('UNAUTHENTICATED', 'Send a Keystone token in X-Auth-Token');
    },
  };
}

/** `https://cloud/compute/v2.1/<project>` -> `https://cloud/compute/v2.1` */
function versionRoot(endpoint: string): string {
  const trimmed = endpoint.replace(/\/+$/, '');
  const root = /^.*?\/v\d[\d.]*(?=\/|$)/.exec(trimmed)?.[0];
  return root ?? `${trimmed}${NOVA.versionPath}`;
}

function baseOf(endpoint: string): string {
  return versionRoot(endpoint).replace(/\/v\d[\d.]*$/, '');
}
