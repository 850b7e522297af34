import type { Logger } from 'pino';
import type { Attachments } from '../attachments/service.ts';
import type { Identity, Session } from '../openstack/session.ts';
import { createSharedExecution, type SharedExecution } from './execution/shared-execution.ts';
import { type Clients, createLoaders, type Loaders } from './loaders.ts';

/** The context that every resolver receives. */
export interface GatewayContext {
  readonly requestId: string;
  readonly session: Session;
  readonly identity: Identity;
  readonly loaders: Loaders;
  readonly attachments: Attachments;
  readonly log: Logger;
  /** The cursor after which a client that reconnects continues, in the place of `after`. */
  readonly resumeAfter?: string | null;
  /** Lets identical queries share this operation's execution; without it the operation is executed by itself. */
  readonly sharedExecution?: SharedExecution;
}

/**
 * Creates the context of one HTTP request, one operation on a socket, or one event of a subscription. It must not live
 * longer: its loaders cache without expiry. `clients` replaces the OpenStack clients.
 */
export function createContext(caller: Session, attachments: Attachments, clients?: Clients): GatewayContext {
  const sharedExecution = createSharedExecution(caller);
  const { session } = sharedExecution;
  const { requestId, identity, log } = session;
  const loaders = createLoaders(session, attachments, clients);
  return { requestId, session, identity, loaders, attachments, log, sharedExecution };
}
