/** The services that the gateway talks to, a row each: adding one is adding a row. */

export type ServiceName = 'keystone' | 'nova' | 'manila';

export interface Service {
  readonly name: ServiceName;
  /** Types to look for in the catalog, best first (os-service-types; devstack registers several). */
  readonly catalogTypes: readonly string[];
  /** What an endpoint without a version in its path gets. */
  readonly versionPath: string;
  /** The request header that carries the microversion, and its value for one. */
  readonly versionHeader: (microversion: string) => readonly [name: string, value: string];
  /** The newest microversion that we know how to read. */
  readonly newest: string;
  /** The oldest one that has all we need. */
  readonly oldest: string;
}

export const NOVA: Service = {
  name: 'nova',
  catalogTypes: ['compute'],
  versionPath: '/v2.1',
  versionHeader: (microversion) => ['openstack-api-version', `compute ${microversion}`],
  newest: '2.96',
  oldest: '2.79',
};

/** Manila reads this header only; without it a request is 2.0 (manila api/openstack/versioned_method.py). */
export const MANILA: Service = {
  name: 'manila',
  catalogTypes: ['shared-file-system', 'sharev2'],
  versionPath: '/v2',
  versionHeader: (microversion) => ['x-openstack-manila-api-version', microversion],
  newest: '2.82',
  oldest: '2.45',
};

/** A service's name in a sentence. */
export const SERVICE_TITLES: Readonly<Record<ServiceName, string>> = {
  keystone: 'Keystone',
  nova: 'Nova',
  manila: 'Manila',
};
