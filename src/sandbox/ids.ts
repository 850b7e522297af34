import { createHash, randomBytes, randomUUID } from 'node:crypto';

const digest = (text: string) => createHash('sha256').update(text).digest('hex');

/** The same UUID (v4 in form) for the same text, so that a restart shows the same cloud. */
export function uuidFor(text: string): string {
  const hex = digest(text);
  const variant = '89ab'[Number.parseInt(hex.charAt(16), 16) % 4];
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** The same 32 hex digits for the same text: the form of Keystone's ids. */
export function hexFor(text: string): string {
  return digest(text).slice(0, 32);
}

/** The same MAC address in Neutron's range (fa:16:3e) for the same text. */
export function macFor(text: string): string {
  const hex = digest(text);
  return `fa:16:3e:${hex.slice(0, 2)}:${hex.slice(2, 4)}:${hex.slice(4, 6)}`;
}

/** Nova's hostId: SHA-224 of project and host (nova/objects/instance.py); empty while no host is chosen. */
export function hostIdFor(projectId: string, host: string | null): string {
  return host === null
    ? ''
    : createHash('sha224')
        .update(projectId + host)
        .digest('hex');
}

/** A fresh UUID. */
export function newUuid(): string {
  return randomUUID();
}

/** A request id as oslo.middleware makes them. */
export function newRequestId(): string {
  return `req-${randomUUID()}`;
}

/** A token that looks like a Fernet one. */
export function newTokenId(): string {
  return `gAAAAAB${randomBytes(132).toString('base64url')}`;
}

/** An audit id as Keystone makes them: 16 random bytes. */
export function newAuditId(): string {
  return randomBytes(16).toString('base64url');
}

/** A key as Ceph makes them: 28 bytes in base64. */
export function newCephKey(): string {
  return randomBytes(28).toString('base64');
}
