/** Converts an OpenStack timestamp to ms since the epoch; null when it is missing or invalid. Manila's have no zone and are UTC. */
export function timeOf(timestamp: string | null | undefined): number | null {
  if (!timestamp) return null;
  const ms = Date.parse(/[zZ]|[+-]\d\d:\d\d$/.test(timestamp) ? timestamp : `${timestamp}Z`);
  return Number.isNaN(ms) ? null : ms;
}
