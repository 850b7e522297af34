/** What servers can be created with: zones and quotas. */
import { request } from '../http/request.ts';
import { NOVA } from '../services.ts';
import type { Session } from '../session.ts';
import type { AvailabilityZoneInfo } from './types.ts';

/** The zones in which Nova has a compute service. */
export async function listServerZones(session: Session): Promise<AvailabilityZoneInfo[]> {
  const options = { path: '/os-availability-zone', expectsList: 'availabilityZoneInfo', idKey: 'zoneName' };
  const { body } = await request<{ availabilityZoneInfo: AvailabilityZoneInfo[] }>(session, NOVA, options);
  return body.availabilityZoneInfo;
}

/** The project's quotas by Nova's names, for example `maxTotalInstances` and `totalInstancesUsed`; -1: without limit. */
export async function getServerLimits(session: Session): Promise<Record<string, unknown>> {
  const options = { path: '/limits', expects: 'limits', idKey: null };
  const { body } = await request<{ limits: { absolute?: Record<string, unknown> } }>(session, NOVA, options);
  return body.limits.absolute ?? {};
}
