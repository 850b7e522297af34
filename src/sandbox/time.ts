/** Nova's form: UTC to the second, with Z. */
export function zonedSeconds(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}

/** Manila's form, and Nova's in OS-SRV-USG: microseconds and no zone, though it is UTC. */
export function bareMicroseconds(at: number): string {
  return `${new Date(at).toISOString().slice(0, 23)}000`;
}

/** Keystone's form: microseconds, with Z. */
export function zonedMicroseconds(at: number): string {
  return `${bareMicroseconds(at)}Z`;
}
