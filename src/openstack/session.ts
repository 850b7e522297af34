import { hash, randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { Cloud } from './cloud.ts';
import type { Catalog } from './keystone/types.ts';

/** A token's user, project and roles, as Keystone validated them. */
export interface Identity {
  readonly userId: string;
  readonly userName: string;
  readonly userDomainName: string;
  readonly projectId: string;
  readonly projectName: string;
  readonly projectDomainName: string;
  /** Role names. */
  readonly roles: readonly string[];
  /** The token may have fewer rights than these roles: it comes from an application credential, a trust or OAuth. */
  readonly isDelegated?: boolean;
  /** When the token expires, in ms since the epoch. */
  readonly expiresAt: number;
}

/** The caller's token and the request that it belongs to: the first argument of each client function. */
export interface Session {
  readonly cloud: Cloud;
  /** Never logged or stored. */
  readonly token: string;
  readonly identity: Identity;
  /** The token's catalog. */
  readonly catalog: Catalog;
  /** `req-<uuid4>`: sent as X-Openstack-Request-Id, the global request id in the services' logs. */
  readonly requestId: string;
  readonly log: Logger;
  /** Aborts the calls of the request: a signal, or a function that returns it when the first call needs it. */
  readonly signal?: CallerSignal | undefined;
  /** Called after each call to a service, and before the request's attachments are read from the store. */
  readonly onRead?: () => void;
}

export type CallerSignal = AbortSignal | (() => AbortSignal);

/** The signal of a session, if it has one. */
export function signalOf({ signal }: { readonly signal?: CallerSignal | undefined }): AbortSignal | undefined {
  return typeof signal === 'function' ? signal() : signal;
}

/** A new request id in OpenStack's format. */
export function newRequestId(): string {
  return `req-${randomUUID()}`;
}

/** SHA-256 of a token: identifies it where the token must not be kept. */
export function tokenHash(token: string): string {
  return hash('sha256', token, 'base64');
}
