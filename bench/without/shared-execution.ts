/** Replaces src/graphql/execution/shared-execution.ts: each operation is executed by itself. */
import type { ExecutionResult } from 'graphql';
import type { SharedExecution } from '../../src/graphql/execution/shared-execution.ts';
import type { Session } from '../../src/openstack/session.ts';

export const createSharedExecution = (session: Session): SharedExecution => ({ session, close: () => {} });

export const shareExecution = (_shared: unknown, _request: unknown, run: () => Promise<ExecutionResult>) => run();

export const stringifyResult = (result: object): string => JSON.stringify(result);
