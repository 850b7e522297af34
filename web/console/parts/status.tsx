/** What a status means for its user, and so its colour: no colour stands without its word. */
const TONES: Readonly<Record<string, 'good' | 'busy' | 'bad' | 'quiet'>> = {
  ACTIVE: 'good',
  AVAILABLE: 'good',
  ATTACHED: 'good',
  ATTACHING: 'busy',
  DETACHING: 'busy',
  BUILD: 'busy',
  CREATING: 'busy',
  EXTENDING: 'busy',
  SHRINKING: 'busy',
  DELETING: 'busy',
  REBOOT: 'busy',
  ERROR: 'bad',
  ERROR_DELETING: 'bad',
  ERROR_ATTACHING: 'bad',
  ERROR_DETACHING: 'bad',
  UNKNOWN: 'bad',
};

/** A status as people read it, for example `Error attaching`. */
export const statusWords = (status: string): string =>
  status.charAt(0) + status.slice(1).toLowerCase().replaceAll('_', ' ');

/** A status with its colour. */
export function Status({ status }: { status: string }) {
  return <span className={`status ${TONES[status] ?? 'quiet'}`}>{statusWords(status)}</span>;
}
