import type { Logger } from 'pino';
import type { Attachments } from '../attachments/service-contract.ts';
import type { Identity, Session } from '../openstack/session.ts';
import { createSharedExecution, type SharedExecution } from './execution/shared-execution.ts';
import { type Clients, createLoaders, type Loaders } from './loaders.ts';

/** What every resolver is given beside its parent and arguments. */
export interface GatewayContext {
  readonly requestId: string;
  readonly session: Session;
  readonly identity: Identity;
  readonly loaders: Loaders;
  readonly attachments: Attachments;
  readonly log: Logger;
  /** With whom the operation may share its execution; left out: with nobody. */
  readonly sharedExecution?: SharedExecution;
}

/** A context, and its loaders when one was asked for. */
interface Own extends Omit<GatewayContext, 'loaders'> {
  readonly clients: Clients | undefined;
  made: Loaders | null;
}

/** On a prototype, as an object with a getter of its own is dear to make. */
const LAZY_LOADERS = {
  get loaders(): Loaders {
    const own = this as unknown as Own;
    own.made ??= createLoaders(own.session, own.attachments, own.clients);
    return own.made;
  },
};

/**
 * The context of one HTTP request, of one operation on a socket, or of one delivered subscription event. Never kept for
 * longer: its loaders are caches that nothing else empties. `clients` is for who has no cloud to ask.
 */
export function createContext(caller: Session, attachments: Attachments, clients?: Clients): GatewayContext {
  const sharedExecution = createSharedExecution(caller);
  const { session } = sharedExecution;
  const { requestId, identity, log } = session;
  const own: Own & { __proto__: typeof LAZY_LOADERS } = {
    __proto__: LAZY_LOADERS,
    requestId,
    session,
    identity,
    attachments,
    log,
    sharedExecution,
    clients,
    made: null,
  };
  return own as unknown as GatewayContext;
}
