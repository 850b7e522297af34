/** What a share can be created with: share types, share networks, zones and quotas. */
import { request } from '../http/request.ts';
import { MANILA } from '../services.ts';
import type { Session } from '../session.ts';
import type { AvailabilityZone, ShareNetwork, ShareType } from './types.ts';

/** The share types that the caller can use. Manila has no paging here. */
export async function listShareTypes(session: Session): Promise<ShareType[]> {
  const options = { path: '/types', expectsList: 'share_types' };
  return (await request<{ share_types: ShareType[] }>(session, MANILA, options)).body.share_types;
}

/** The project's share networks, at most `limit`. */
export async function listShareNetworks(session: Session, { limit }: { limit: number }): Promise<ShareNetwork[]> {
  const options = { path: '/share-networks/detail', query: { limit }, expectsList: 'share_networks' };
  return (await request<{ share_networks: ShareNetwork[] }>(session, MANILA, options)).body.share_networks;
}

/** The zones in which Manila has a storage service. Manila does not say whether one runs. */
export async function listAvailabilityZones(session: Session): Promise<AvailabilityZone[]> {
  const options = { path: '/availability-zones', expectsList: 'availability_zones' };
  return (await request<{ availability_zones: AvailabilityZone[] }>(session, MANILA, options)).body.availability_zones;
}

/** The project's quotas by Manila's names, for example `maxTotalShares` and `totalSharesUsed`; -1: without limit. */
export async function getShareLimits(session: Session): Promise<Record<string, unknown>> {
  const options = { path: '/limits', expects: 'limits', idKey: null };
  const { body } = await request<{ limits: { absolute?: Record<string, unknown> } }>(session, MANILA, options);
  return body.limits.absolute ?? {};
}
