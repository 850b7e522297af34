import { GatewayError } from '../errors.ts';
import { parseUrl } from '../url.ts';
import type { Catalog, CatalogEndpoint } from './keystone/types.ts';
import { SERVICE_TITLES, type Service } from './services.ts';

export type Interface = 'public' | 'internal' | 'admin';

/** Selects one of a service's endpoints. */
export interface EndpointChoice {
  /** null: the first region by name, so that all services are used in the same region. */
  readonly region: string | null;
  /** One interface, or several, preferred first. */
  readonly interface: Interface | readonly Interface[];
  /** Replaces the catalog's URL. */
  readonly override?: string | undefined;
}

/** A service's URLs, without a trailing slash. */
export interface Endpoint {
  /** With the project id, if the catalog has it. */
  readonly url: string;
  /** Up to the version: without a project id. */
  readonly root: string;
  /** What precedes the version: links in responses begin with it. */
  readonly base: string;
}

/** Longer URLs are ignored. */
const MAX_URL = 2048;

/**
 * Finds a service's endpoint. The service's catalog types and the interfaces are tried in order. Throws
 * UPSTREAM_UNAVAILABLE, naming what was expected and what the catalog has.
 */
export function findEndpoint(catalog: Catalog, service: Service, choice: EndpointChoice): Endpoint {
  const found = choice.override === undefined ? searchCatalog(catalog, service, choice) : choice.override;
  const endpoint = found === null ? null : parseEndpoint(found, service);
  if (endpoint) return endpoint;
  throw new GatewayError('UPSTREAM_UNAVAILABLE', describeMismatch(catalog, service, choice), { service: service.name });
}

function searchCatalog(catalog: Catalog, service: Service, choice: EndpointChoice): string | null {
  for (const type of service.catalogTypes) {
    const usable = catalog
      .filter((entry) => entry.type === type)
      .flatMap((entry) => entry.endpoints)
      .filter((endpoint) => isInRegion(endpoint, choice.region) && parseEndpoint(endpoint.url, service) !== null)
      .sort((a, b) => (regionOf(a) < regionOf(b) ? -1 : regionOf(a) > regionOf(b) ? 1 : 0));
    for (const name of interfacesOf(choice)) {
      const endpoint = usable.find((candidate) => interfaceOf(candidate) === name);
      if (endpoint) return endpoint.url;
    }
  }
  return null;
}

function interfacesOf({ interface: names }: EndpointChoice): readonly Interface[] {
  return typeof names === 'string' ? [names] : names;
}

function isInRegion(endpoint: CatalogEndpoint, region: string | null): boolean {
  return region === null || [endpoint.region_id, endpoint.region].includes(region);
}

/** Old catalogs have `publicURL` instead of `public`. */
function interfaceOf(endpoint: CatalogEndpoint): string {
  return endpoint.interface.replace(/URL$/, '');
}

function regionOf(endpoint: CatalogEndpoint): string {
  return endpoint.region_id ?? endpoint.region ?? '';
}

/**
 * Splits a URL into what precedes the version, the version, and a project id. A URL without a version gets the service's.
 * null for a URL that is invalid or ends in a version that the gateway does not support, such as Manila's v1, which is a
 * different API. A version-like segment further up belongs to the prefix of a proxy.
 */
export function parseEndpoint(url: string, service: Service): Endpoint | null {
  const trimmed = url.length > MAX_URL ? '' : url.trim();
  if (!/^https?:\/\/[^/?#\s][^?#\s]*$/i.test(trimmed) || !parseUrl(trimmed)) return null;
  const segments = trimTrailingSlashes(trimmed).split('/');
  const hasProject = PROJECT_ID.test(segments.at(-1) ?? '') || service.versions.includes(segments.at(-2) ?? '');
  const projectId = hasProject ? segments.pop() : undefined;
  const version = /^v\d[\d.]*$/.test(segments.at(-1) ?? '') && segments.length > 3 ? segments.pop() : undefined;
  if (version !== undefined && !service.versions.includes(version)) return null;
  const base = segments.join('/');
  // Nova's v2 is the same API as v2.1 without microversions, and is served beside it
  const root = base + service.versionPath;
  return { base, root, url: projectId === undefined ? root : `${root}/${projectId}` };
}

/** Replaces `%(project_id)s` and `%(user_id)s` in an override, as keystoneauth does (session.py, _StringFormatter). */
export function formatOverride(override: string, values: { projectId: string; userId: string }): string {
  return override.replace(/%(?:%|\((project_id|user_id)\)s)/g, (_match, name) =>
    name === undefined ? '%' : name === 'user_id' ? values.userId : values.projectId,
  );
}

/** Keystone's own ids, which may follow a URL without a version as well. Some catalogs have `AUTH_` before them. */
const PROJECT_ID = /^(AUTH_)?([0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i;

function describeMismatch(catalog: Catalog, service: Service, choice: EndpointChoice): string {
  const title = SERVICE_TITLES[service.name];
  const versions = service.versions.join(' or ');
  if (choice.override !== undefined) {
    return `The endpoint override of ${title} is not usable: expected a URL that ends in ${versions} or in no version`;
  }
  const available = catalog
    .filter((entry) => service.catalogTypes.includes(entry.type))
    .flatMap(({ type, endpoints }) => endpoints.map((endpoint) => describe(type, endpoint, service)));
  const expected = `${service.catalogTypes.join(' or ')}, ${interfacesOf(choice).join(' or ')}, ${choice.region ?? 'any region'}, ${versions}`;
  const types = catalog.map(({ type }) => type).join(', ');
  const found = available.length > 0 ? available.join('; ') : `only ${types || 'nothing'}`;
  return `${title} has no usable endpoint in the token's catalog: expected ${expected}; got ${found.slice(0, 1000)}`;
}

/** An endpoint without its URL, which may be internal: its version is shown if it is not supported. */
function describe(type: string, endpoint: CatalogEndpoint, service: Service): string {
  const place = `${type} ${interfaceOf(endpoint)} in ${regionOf(endpoint) || '-'}`;
  if (parseEndpoint(endpoint.url, service)) return place;
  return `${place} at ${/\/(v\d[\d.]{0,20})(?=[/\s]|$)/.exec(endpoint.url.slice(-100))?.[1] ?? 'an invalid URL'}`;
}

/** The URL without slashes at its end. In linear time, unlike `/\/+$/`, which searches from each slash. */
export function trimTrailingSlashes(url: string): string {
  let end = url.length;
  while (url[end - 1] === '/') end--;
  return url.slice(0, end);
}
