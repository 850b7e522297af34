/** A time as in Nova: UTC in seconds, with Z. */
export function zonedSeconds(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}

/** A time as in Manila and in Nova's OS-SRV-USG: UTC in microseconds, without a zone. */
export function bareMicroseconds(at: number): string {
  return `${new Date(at).toISOString().slice(0, 23)}000`;
}

/** A time as in Keystone: UTC in microseconds, with Z. */
export function zonedMicroseconds(at: number): string {
  return `${bareMicroseconds(at)}Z`;
}
