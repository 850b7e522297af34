import { abortable, startDeadline } from '../../deadline.ts';
import { GatewayError } from '../../errors.ts';
import { findEndpoint } from '../catalog.ts';
import { OpenStackError } from '../errors.ts';
import { SERVICE_TITLES, type Service } from '../services.ts';
import { type Session, signalOf } from '../session.ts';
import { invalidResponse, timeoutError } from './call.ts';
import { send } from './send.ts';

interface VersionRange {
  from: string;
  to: string;
}

/** A cloud has one endpoint a service and region; a catalog that has ever new ones is not worth remembering. */
const MAX_CACHED = 100;

/**
 * The microversion that calls to the service use: the newest that both the cloud and we know. Asked of the cloud once for
 * each endpoint, whoever asks. Throws UPSTREAM_ERROR when the cloud has none that will do, or an OpenStackError.
 */
export async function supportedMicroversion(
  session: Session,
  service: Service,
  timeoutMs = session.cloud.settings.timeoutMs,
): Promise<string> {
  const { microversions } = session.cloud;
  const root = versionRoot(endpointOf(session, service));
  const key = `${service.name} ${root}`;
  let known = microversions.get(key);
  if (!known) {
    if (microversions.size >= MAX_CACHED) microversions.clear();
    known = askVersions(session, service, root).then((range) => choose(range, service));
    microversions.set(key, known);
    known.catch(() => microversions.delete(key));
  }
  const deadline = startDeadline(timeoutMs, signalOf(session));
  try {
    return await abortable(known, deadline.signal);
  } catch (error) {
    if (!deadline.signal.aborted || error instanceof OpenStackError || error instanceof GatewayError) throw error;
    throw timeoutError({ service: service.name, method: 'GET', path: '/' }, error);
  } finally {
    deadline.end();
  }
}

/** Asks again at the next call: for when the cloud says that it does not have the microversion (406). */
export function invalidateMicroversion(session: Session, service: Service): void {
  session.cloud.microversions.delete(`${service.name} ${versionRoot(endpointOf(session, service))}`);
}

/** Where the session's cloud has the service. Throws UPSTREAM_UNAVAILABLE. */
export function endpointOf({ cloud, catalog }: Session, service: Service): string {
  const { region, interface: wanted, endpointOverrides } = cloud.settings;
  return findEndpoint(catalog, service, { region, interface: wanted, override: endpointOverrides[service.name] });
}

/** Whether a microversion is the wanted one or newer: `2.9` is older than `2.10`. */
export function isAtLeast(microversion: string, wanted: string): boolean {
  return compare(microversion, wanted) >= 0;
}

function compare(a: string, b: string): number {
  const [aMajor = 0, aMinor = 0] = a.split('.').map(Number);
  const [bMajor = 0, bMinor = 0] = b.split('.').map(Number);
  return aMajor - bMajor || aMinor - bMinor;
}

/** The address up to its version: what comes after is a project id. */
function versionRoot(endpoint: string): string {
  return endpoint.replace(/(\/v\d[\d.]*)\/.*$/, '$1');
}

/**
 * Reads the version document beside the endpoint, else the one above it, which needs no token. Links in them are not
 * followed: behind a proxy they may name another host. Not the caller's signal ends it, as others wait for it too.
 */
async function askVersions(session: Session, service: Service, root: string): Promise<VersionRange> {
  const { cloud, token, requestId, log } = session;
  let firstError: unknown;
  for (const url of [`${root}/`, root.replace(/\/v\d[\d.]*$/, '/')]) {
    const path = new URL(url).pathname;
    const call = { cloud, service: service.name, method: 'GET' as const, url, path, token, requestId, log };
    try {
      const answer = await send(call, cloud.settings.timeoutMs);
      const range = readRange(answer.body);
      if (range) return range;
      firstError ??= invalidResponse(call, answer, 'a microversion');
    } catch (error) {
      firstError ??= error;
      if (error instanceof OpenStackError && (error.kind === 'unreachable' || error.kind === 'timeout')) break;
    }
  }
  throw firstError;
}

/** Reads `{version}` (Nova's v2.1) and `{versions}` (Manila, and every root): entries without microversions have `""`. */
function readRange(body: unknown): VersionRange | null {
  const { version, versions = [version] } = (body ?? {}) as { version?: unknown; versions?: unknown[] };
  const ranges = (Array.isArray(versions) ? versions : [])
    .map((entry) => (entry ?? {}) as { version?: unknown; min_version?: unknown })
    .filter((entry) => isMicroversion(entry.version) && isMicroversion(entry.min_version))
    .map((entry) => ({ from: String(entry.min_version), to: String(entry.version) }));
  return ranges.sort((a, b) => compare(b.to, a.to))[0] ?? null;
}

function isMicroversion(word: unknown): boolean {
  return typeof word === 'string' && /^\d+\.\d+$/.test(word);
}

function choose({ from, to }: VersionRange, service: Service): string {
  const chosen = compare(to, service.newest) < 0 ? to : service.newest;
  if (compare(chosen, service.oldest) >= 0 && compare(chosen, from) >= 0) return chosen;
  throw new GatewayError(
    'UPSTREAM_ERROR',
    `${SERVICE_TITLES[service.name]} has no microversion that will do: expected one from ${service.oldest} to ${service.newest}, got ${from} to ${to}`,
    { service: service.name },
  );
}
