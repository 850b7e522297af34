/** In the place of src/graphql/context.ts: the loaders are made with the context. */
import type { Attachments } from '../../src/attachments/service-contract.ts';
import type { GatewayContext } from '../../src/graphql/context.ts';
import { createSharedExecution } from '../../src/graphql/execution/shared-execution.ts';
import { type Clients, createLoaders } from '../../src/graphql/loaders.ts';
import type { Session } from '../../src/openstack/session.ts';

export function createContext(caller: Session, attachments: Attachments, clients?: Clients): GatewayContext {
  const sharedExecution = createSharedExecution(caller);
  const { session } = sharedExecution;
  const { requestId, identity, log } = session;
  const loaders = createLoaders(session, attachments, clients);
  return { requestId, session, identity, attachments, log, sharedExecution, loaders };
}
