import { createHash, randomBytes, randomUUID } from 'node:crypto';

const digest = (text: string) => createHash('sha256').update(text).digest('hex');

/** A UUID (in the form of v4) derived from a text, so that a restart shows the same cloud. */
export function uuidFor(text: string): string {
  const hex = digest(text);
  const variant = '89ab'[Number.parseInt(hex.charAt(16), 16) % 4];
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** 32 hexadecimal digits derived from a text, as in Keystone's ids. */
export function hexFor(text: string): string {
  return digest(text).slice(0, 32);
}

/** A MAC address in Neutron's range (fa:16:3e) derived from a text. */
export function macFor(text: string): string {
  const hex = digest(text);
  return `fa:16:3e:${hex.slice(0, 2)}:${hex.slice(2, 4)}:${hex.slice(4, 6)}`;
}

/** Nova's hostId: SHA-224 of project and host (nova/objects/instance.py); empty without a host. */
export function hostIdFor(projectId: string, host: string | null): string {
  return host === null
    ? ''
    : createHash('sha224')
        .update(projectId + host)
        .digest('hex');
}

/** A random UUID. */
export function newUuid(): string {
  return randomUUID();
}

/** A request id as by oslo.middleware. */
export function newRequestId(): string {
  return `req-${randomUUID()}`;
}

/** A token in the form of a Fernet token. */
export function newTokenId(): string {
  return `gAAAAAB${randomBytes(132).toString('base64url')}`;
}

/** An audit id as in Keystone: 16 random bytes. */
export function newAuditId(): string {
  return randomBytes(16).toString('base64url');
}

/** A key as in Ceph: 28 bytes in base64. */
export function newCephKey(): string {
  return randomBytes(28).toString('base64');
}
