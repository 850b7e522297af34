import { GatewayError } from '../../errors.ts';
import { formatOverride, parseEndpoint } from '../../openstack/catalog.ts';
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
    const endpoint = endpointOf(session, NOVA);
    const others = session.catalog
      .filter(({ type }) => NOVA.catalogTypes.includes(type))
      .flatMap(({ endpoints }) => endpoints.map(({ url }) => parseEndpoint(url, NOVA)?.base));
    const linkBases = new Set([endpoint.base, ...others].filter((base) => base !== undefined));
    last = { root: endpoint.root, linkBases: [...linkBases] };
    return last;
  };
  return {
    resolve,
    async lastResolved(requestId) {
      if (last) return last;
      const override = cloud.settings.endpointOverrides.nova;
      // the root of an override is the same for all projects
      const endpoint = override && parseEndpoint(formatOverride(override, NO_PROJECT), NOVA);
      if (endpoint) return { root: endpoint.root, linkBases: [endpoint.base] };
      if (account) return resolve(await account.session(requestId));
      throw new GatewayError('UNAUTHENTICATED', 'Send a Keystone token in X-Auth-Token');
    },
  };
}

const NO_PROJECT = { projectId: '0'.repeat(32), userId: '0'.repeat(32) };
