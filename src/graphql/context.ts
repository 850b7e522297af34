import type { Logger } from 'pino';
import type { Attachments } from '../attachments/service-contract.ts';
import type { Identity, Session } from '../openstack/session.ts';
import { createLoaders, type Loaders } from './loaders.ts';

/** What every resolver is given beside its parent and arguments. */
export interface GatewayContext {
  readonly requestId: string;
  readonly session: Session;
  readonly identity: Identity;
  readonly loaders: Loaders;
  readonly attachments: Attachments;
  readonly log: Logger;
}

/**
 * The context of one HTTP request, of one operation on a socket, or of one delivered subscription event. Never kept for
 * longer: its loaders are caches that nothing else empties.
 */
export function createContext(session: Session, attachments: Attachments): GatewayContext {
  return {
    requestId: session.requestId,
    session,
    identity: session.identity,
    loaders: createLoaders(session, attachments),
    attachments,
    log: session.log,
  };
}
