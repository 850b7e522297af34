import { abortable, startDeadline } from '../../deadline.ts';
import { GatewayError } from '../../errors.ts';
import { type Endpoint, findEndpoint, formatOverride } from '../catalog.ts';
import { OpenStackError } from '../errors.ts';
import { SERVICE_TITLES, type Service } from '../services.ts';
import { type Session, signalOf } from '../session.ts';
import { type Call, callTimeout, invalidResponse } from './call.ts';
import { send } from './send.ts';

interface VersionRange {
  from: string;
  to: string;
}

/** Maximum number of cached negotiations. A cloud has one endpoint per service and region. */
const MAX_CACHED = 100;

/**
 * The microversion for calls to a service: the newest that both the cloud and the gateway support. It is negotiated once
 * per endpoint, for all callers. Throws UPSTREAM_ERROR if there is none, or an OpenStackError.
 */
export async function supportedMicroversion(
  session: Session,
  service: Service,
  timeoutMs = session.cloud.settings.timeoutMs,
): Promise<string> {
  const { microversions } = session.cloud;
  const { root } = endpointOf(session, service);
  const key = `${service.name} ${root}`;
  let negotiated = microversions.get(key);
  if (!negotiated) {
    if (microversions.size >= MAX_CACHED) microversions.clear();
    negotiated = readVersions(session, service, root).then((range) => choose(range, service));
    microversions.set(key, negotiated);
    negotiated.catch(() => microversions.delete(key));
  }
  const deadline = startDeadline(timeoutMs, signalOf(session));
  try {
    return await abortable(negotiated, deadline.signal);
  } catch (error) {
    if (!deadline.signal.aborted || error instanceof OpenStackError || error instanceof GatewayError) throw error;
    throw callTimeout({ service: service.name, method: 'GET', path: '/' }, error);
  } finally {
    deadline.end();
  }
}

/** Negotiates again at the next call: after a 406, with which the cloud rejects the microversion. */
export function invalidateMicroversion(session: Session, service: Service): void {
  session.cloud.microversions.delete(`${service.name} ${endpointOf(session, service).root}`);
}

/** A service's endpoint in the session's catalog, or its override. Throws UPSTREAM_UNAVAILABLE. */
export function endpointOf({ cloud, catalog, identity }: Session, service: Service): Endpoint {
  const { services = {}, region, interface: interfaces, endpointOverrides } = cloud.settings;
  const override = endpointOverrides[service.name];
  return findEndpoint(catalog, service, {
    region,
    interface: interfaces,
    ...services[service.name],
    override: override && formatOverride(override, identity),
  });
}

/** Whether a microversion is `minimum` or newer: `2.9` is older than `2.10`. */
export function isAtLeast(microversion: string, minimum: string): boolean {
  return compare(microversion, minimum) >= 0;
}

function compare(a: string, b: string): number {
  const [aMajor = 0, aMinor = 0] = a.split('.').map(Number);
  const [bMajor = 0, bMinor = 0] = b.split('.').map(Number);
  return aMajor - bMajor || aMinor - bMinor;
}

/**
 * Reads the endpoint's version document, or else the service's, which needs no token. Their links are not followed:
 * behind a proxy they may name another host. The caller's signal does not abort it, because other callers wait for it.
 */
async function readVersions(session: Session, service: Service, root: string): Promise<VersionRange> {
  const { cloud, token, requestId, log } = session;
  const project = session.identity.projectId;
  let firstError: unknown;
  for (const url of [`${root}/`, root.replace(/\/v\d[\d.]*$/, '/')]) {
    const path = new URL(url).pathname;
    const call = { cloud, service: service.name, method: 'GET' as const, url, path, token, project, requestId, log };
    try {
      const response = await send(call, cloud.settings.timeoutMs);
      const range = readRange(response.body);
      if (range) return range;
      firstError ??= invalidResponse(call, response, 'a microversion');
    } catch (error) {
      firstError ??= isMissingDocument(error) ? noVersionDocument(call, error) : error;
      if (error instanceof OpenStackError && (error.kind === 'unreachable' || error.kind === 'timeout')) break;
    }
  }
  throw firstError;
}

/** Whether a version document does not exist: the catalog's URL is wrong. It says nothing about the resource of the call. */
function isMissingDocument(error: unknown): error is OpenStackError {
  return error instanceof OpenStackError && error.outcome === 'final' && error.status !== 401;
}

function noVersionDocument({ service, path }: Pick<Call, 'service' | 'path'>, cause: OpenStackError): OpenStackError {
  const message = `${SERVICE_TITLES[service]} has no version document at ${path} (${cause.status}): check its catalog URL`;
  const details = cause.status === null ? {} : { status: cause.status };
  return new OpenStackError(message, { service, kind: 'bad_response', ...details }, { cause });
}

/** Reads `{version}` (Nova's v2.1) or `{versions}` (Manila and every root). Entries without microversions have `""`. */
function readRange(body: unknown): VersionRange | null {
  const { version, versions = [version] } = (body ?? {}) as { version?: unknown; versions?: unknown[] };
  const ranges = (Array.isArray(versions) ? versions : [])
    .map((entry) => (entry ?? {}) as { version?: unknown; min_version?: unknown })
    .filter((entry) => isMicroversion(entry.version) && isMicroversion(entry.min_version))
    .map((entry) => ({ from: String(entry.min_version), to: String(entry.version) }));
  return ranges.sort((a, b) => compare(b.to, a.to))[0] ?? null;
}

function isMicroversion(value: unknown): boolean {
  return typeof value === 'string' && /^\d+\.\d+$/.test(value);
}

function choose({ from, to }: VersionRange, service: Service): string {
  const chosen = compare(to, service.newest) < 0 ? to : service.newest;
  if (compare(chosen, service.oldest) >= 0 && compare(chosen, from) >= 0) return chosen;
  throw new GatewayError(
    'UPSTREAM_ERROR',
    `${SERVICE_TITLES[service.name]} has no supported microversion: expected one from ${service.oldest} to ${service.newest}, got ${from} to ${to}`,
    { service: service.name },
  );
}
