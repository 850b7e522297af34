import type { Logger } from 'pino';
import type { Attachments } from '../attachments/service-contract.ts';
import type { Identity, Session } from '../openstack/session.ts';
import { createLoaders, type Loaders } from './loaders.ts';
import { type Company, createCompany } from './shared-execution.ts';

/** What every resolver is given beside its parent and arguments. */
export interface GatewayContext {
  readonly requestId: string;
  readonly session: Session;
  readonly identity: Identity;
  readonly loaders: Loaders;
  readonly attachments: Attachments;
  readonly log: Logger;
  /** With whom the operation may share its execution; left out: with nobody. */
  readonly company?: Company;
}

/**
 * The context of one HTTP request, of one operation on a socket, or of one delivered subscription event. Never kept for
 * longer: its loaders are caches that nothing else empties.
 */
export function createContext(asker: Session, attachments: Attachments): GatewayContext {
  const company = createCompany(asker);
  const { session } = company;
  return {
    requestId: session.requestId,
    session,
    identity: session.identity,
    loaders: createLoaders(session, attachments),
    attachments,
    log: session.log,
    company,
  };
}
