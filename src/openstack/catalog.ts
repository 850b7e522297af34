import { GatewayError } from '../errors.ts';
import type { Catalog, CatalogEndpoint } from './keystone/types.ts';
import { SERVICE_TITLES, type Service } from './services.ts';

/** Selects one of a service's endpoints. */
export interface EndpointChoice {
  /** null: the first region by name, so that all services are used in the same region. */
  readonly region: string | null;
  readonly interface: 'public' | 'internal' | 'admin';
  /** Replaces the catalog's URL. */
  readonly override?: string | undefined;
}

/**
 * Finds a service's URL, without a trailing slash; it may end in a project id. The service's catalog types are tried in
 * order. Throws UPSTREAM_UNAVAILABLE, naming what was expected and what the catalog has.
 */
export function findEndpoint(catalog: Catalog, service: Service, choice: EndpointChoice): string {
  if (choice.override !== undefined) return withVersion(choice.override, service);
  for (const type of service.catalogTypes) {
    const url = catalog
      .filter((entry) => entry.type === type)
      .flatMap((entry) => entry.endpoints)
      .filter((endpoint) => matches(endpoint, choice) && isUsable(endpoint, service))
      .sort((a, b) => (regionOf(a) < regionOf(b) ? -1 : regionOf(a) > regionOf(b) ? 1 : 0))[0]?.url;
    if (url !== undefined) return withVersion(url, service);
  }
  throw new GatewayError('UPSTREAM_UNAVAILABLE', describeMismatch(catalog, service, choice), { service: service.name });
}

function matches(endpoint: CatalogEndpoint, choice: EndpointChoice): boolean {
  if (interfaceOf(endpoint) !== choice.interface) return false;
  return choice.region === null || [endpoint.region_id, endpoint.region].includes(choice.region);
}

/** Old catalogs have `publicURL` instead of `public`. */
function interfaceOf(endpoint: CatalogEndpoint): string {
  return endpoint.interface.replace(/URL$/, '');
}

function regionOf(endpoint: CatalogEndpoint): string {
  return endpoint.region_id ?? endpoint.region ?? '';
}

/** Manila's v1 is a different API, which Manila has removed. */
function isUsable(endpoint: CatalogEndpoint, service: Service): boolean {
  return service.name !== 'manila' || !/\/v1(\/[^/]*)?\/*$/.test(endpoint.url);
}

function withVersion(url: string, service: Service): string {
  const trimmed = url.replace(/\/+$/, '');
  return /\/v\d[\d.]*(\/|$)/.test(trimmed) ? trimmed : `${trimmed}${service.versionPath}`;
}

function describeMismatch(catalog: Catalog, service: Service, choice: EndpointChoice): string {
  const available = catalog
    .filter((entry) => service.catalogTypes.includes(entry.type))
    .flatMap(({ type, endpoints }) => endpoints.map((it) => `${type} ${interfaceOf(it)} in ${regionOf(it) || '-'}`));
  const expected = `${service.catalogTypes.join(' or ')}, ${choice.interface}, ${choice.region ?? 'any region'}`;
  const found =
    available.length > 0 ? available.join('; ') : `only ${catalog.map(({ type }) => type).join(', ') || 'nothing'}`;
  return `${SERVICE_TITLES[service.name]} has no usable endpoint in the token's catalog: expected ${expected}; got ${found}`;
}
