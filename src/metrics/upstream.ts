import type { FinishedCall } from '../openstack/http/call.ts';
import type { Metrics } from './metrics.ts';

/** A UUID with or without dashes, also behind `req-` and `share:`. */
const ID = /[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}/gi;

/** A path with `{id}` in the place of each id: the same for all servers and shares. */
export function routeOf(path: string): string {
  return path.replace(ID, '{id}');
}

/** Counts a call to OpenStack and its time. */
export function countUpstreamCall(
  metrics: Metrics,
  { service, method, path, status, error, seconds }: FinishedCall,
): void {
  const outcome = error && error.kind !== 'refused' ? error.kind : String(status);
  metrics.count('nmg_upstream_requests_total', { service, method, route: routeOf(path), status: outcome });
  metrics.observe('nmg_upstream_request_duration_seconds', { service, method }, seconds);
}
