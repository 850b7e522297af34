import { hash, randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { Cloud } from './cloud.ts';
import type { Catalog } from './keystone/types.ts';

/** What Keystone says of a token: who its user is, and in which project it acts. */
export interface Identity {
  readonly userId: string;
  readonly userName: string;
  readonly userDomainName: string;
  readonly projectId: string;
  readonly projectName: string;
  readonly projectDomainName: string;
  /** Role names. */
  readonly roles: readonly string[];
  /** Whether the token may carry less than these roles: made from an application credential, a trust or OAuth. */
  readonly isDelegated?: boolean;
  /** When the token stops working, ms since the epoch. */
  readonly expiresAt: number;
}

/** Whose rights and which request: what each client function takes first. */
export interface Session {
  readonly cloud: Cloud;
  /** Never logged, never stored. */
  readonly token: string;
  readonly identity: Identity;
  /** The catalog that came with the token. */
  readonly catalog: Catalog;
  /** `req-<uuid4>`: sent as X-Openstack-Request-Id, the global id in the services' logs. */
  readonly requestId: string;
  readonly log: Logger;
  /** Ends every call of the request early: the signal, or what gives it, as many a request never needs it. */
  readonly signal?: CallerSignal | undefined;
  /** Told when a service has answered a call of the request, and before its attachments are read from the store. */
  readonly onRead?: () => void;
}

export type CallerSignal = AbortSignal | (() => AbortSignal);

/** What ends the calls of a session. */
export function signalOf({ signal }: { readonly signal?: CallerSignal | undefined }): AbortSignal | undefined {
  return typeof signal === 'function' ? signal() : signal;
}

/** An id for a request that has none yet, as OpenStack writes them. */
export function newRequestId(): string {
  return `req-${randomUUID()}`;
}

/** By what a token is known where it must not be kept: its SHA-256. */
export function tokenHash(token: string): string {
  return hash('sha256', token, 'base64');
}
