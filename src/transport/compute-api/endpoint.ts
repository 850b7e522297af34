import { GatewayError } from '../../errors.ts';
import type { Cloud } from '../../openstack/cloud.ts';
import { endpointOf } from '../../openstack/http/microversions.ts';
import type { ServiceAccount } from '../../openstack/keystone/service-account.ts';
import { NOVA } from '../../openstack/services.ts';
import type { Session } from '../../openstack/session.ts';

/** Nova's URLs in one catalog. */
export interface NovaEndpoint {
  /** Up to `/v2.1`, without a project id: Nova accepts paths with and without one. */
  readonly root: string;
  /** The prefixes of links in its responses, up to and without `/v2.1`: all its URLs in the catalog. */
  readonly linkBases: readonly string[];
}

/** Finds Nova, with a token or without one: the version document needs none. */
export interface EndpointResolver {
  /** Nova in the session's catalog. Throws UPSTREAM_UNAVAILABLE. */
  resolve(session: Session): NovaEndpoint;
  /** Nova as last resolved, or else in the service account's catalog. Throws UNAUTHENTICATED if there is neither. */
  lastResolved(requestId: string): Promise<NovaEndpoint>;
}

export function createEndpointResolver(cloud: Cloud, account: ServiceAccount | null): EndpointResolver {
  let last: NovaEndpoint | null = null;
  const resolve = (session: Session): NovaEndpoint => {
    const root = versionRoot(endpointOf(session, NOVA));
    const urls = session.catalog
      .filter(({ type }) => NOVA.catalogTypes.includes(type))
      .flatMap(({ endpoints }) => endpoints.map(({ url }) => url));
    last = { root, linkBases: [...new Set([root, ...urls].map(baseOf))] };
    return last;
  };
  return {
    resolve,
    async lastResolved(requestId) {
      if (last) return last;
      const override = cloud.settings.endpointOverrides.nova;
      if (override !== undefined) return { root: versionRoot(override), linkBases: [baseOf(override)] };
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
