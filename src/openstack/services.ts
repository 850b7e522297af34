/** The services that the gateway talks to, a row each: adding one is adding a row. */

export type ServiceName = 'keystone' | 'nova' | 'manila';

export interface Service {
  readonly name: ServiceName;
  /** Types to look for in the catalog, best first (os-service-types; devstack registers several). */
  readonly catalogTypes: readonly string[];
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
  versionHeader: (microversion) => ['openstack-api-version', `compute ${microversion}`],
  newest: '2.96',
  oldest: '2.79',
};

/** Manila reads this header only; without it a request is 2.0 (manila api/openstack/versioned_method.py; transcript manila-022). */
export const MANILA: Service = {
  name: 'manila',
  catalogTypes: ['shared-file-system', 'sharev2'],
  versionHeader: (microversion) => ['x-openstack-manila-api-version', microversion],
  newest: '2.82',
  oldest: '2.45',
};
