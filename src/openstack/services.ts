/** The OpenStack services that the gateway calls, one record each. */

export type ServiceName = 'keystone' | 'nova' | 'manila';

export interface Service {
  readonly name: ServiceName;
  /** Catalog types, preferred first (os-service-types; devstack registers several). */
  readonly catalogTypes: readonly string[];
  /** The versions with which an endpoint may end. */
  readonly versions: readonly string[];
  /** The version that the gateway uses. */
  readonly versionPath: string;
  /** The request header for a microversion. */
  readonly versionHeader: (microversion: string) => readonly [name: string, value: string];
  /** The newest microversion that the gateway supports. */
  readonly newest: string;
  /** The oldest microversion that has all that the gateway needs. */
  readonly oldest: string;
}

export const NOVA: Service = {
  name: 'nova',
  catalogTypes: ['compute'],
  versions: ['v2.1', 'v2'],
  versionPath: '/v2.1',
  versionHeader: (microversion) => ['openstack-api-version', `compute ${microversion}`],
  newest: '2.100',
  oldest: '2.79',
};

/** Manila reads only this header and treats a request without it as 2.0 (manila api/openstack/versioned_method.py). */
export const MANILA: Service = {
  name: 'manila',
  catalogTypes: ['shared-file-system', 'sharev2', 'share'],
  versions: ['v2'],
  versionPath: '/v2',
  versionHeader: (microversion) => ['x-openstack-manila-api-version', microversion],
  newest: '2.89',
  oldest: '2.45',
};

/** A service's name in messages. */
export const SERVICE_TITLES: Readonly<Record<ServiceName, string>> = {
  keystone: 'Keystone',
  nova: 'Nova',
  manila: 'Manila',
};
