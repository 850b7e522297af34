import type { Cloud } from '../cloud.ts';
import type { ApiResponse, Call } from '../http.ts';

/** GET /limits: Nova's default quotas, and the project's usage (nova api/openstack/compute/views/limits.py). */
export function showLimits(cloud: Cloud, { token, version }: Call): ApiResponse {
  const mine = [...cloud.servers.values()].filter(({ projectId }) => projectId === token.project?.id);
  const sum = (of: (flavor: { vcpus: number; ram: number }) => number) =>
    mine.reduce((total, { flavor }) => total + of(flavor), 0);
  const absolute = {
    maxServerMeta: 128,
    ...(version < 57 && { maxPersonality: 5, maxPersonalitySize: 10240 }),
    ...(version < 39 && { maxImageMeta: 128 }),
    maxServerGroups: 10,
    maxServerGroupMembers: 10,
    maxTotalKeypairs: 100,
    maxTotalInstances: 100,
    maxTotalCores: 400,
    maxTotalRAMSize: 819_200,
    ...(version < 36 && { maxTotalFloatingIps: -1, maxSecurityGroups: -1, maxSecurityGroupRules: -1 }),
    totalRAMUsed: sum(({ ram }) => ram),
    totalCoresUsed: sum(({ vcpus }) => vcpus),
    totalInstancesUsed: mine.length,
    ...(version < 36 && { totalFloatingIpsUsed: 0, totalSecurityGroupsUsed: 0 }),
    totalServerGroupsUsed: 0,
  };
  return { status: 200, body: { limits: { rate: [], absolute } } };
}

/** GET /os-availability-zone (nova api/openstack/compute/availability_zone.py). */
export function listZones(): ApiResponse {
  const zones = [{ zoneName: 'nova', zoneState: { available: true }, hosts: null }];
  return { status: 200, body: { availabilityZoneInfo: zones } };
}
