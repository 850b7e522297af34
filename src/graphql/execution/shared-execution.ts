/** Queries that are asked by several at once, executed once: what a dashboard open in many windows asks. */
import type { ExecutionResult, OperationDefinitionNode } from 'graphql';
import { flightKeyOf, singleFlight } from '../../openstack/http/single-flight.ts';
import type { Session } from '../../openstack/session.ts';

/** Where an operation's context says whose it is, and ends the joining of it. A context without it shares nothing. */
export interface SharedExecution {
  readonly session: Session;
  /** Called when the operation has read what one that comes now might find changed. */
  close: () => void;
}

/** One operation as it was asked. */
interface OperationRequest {
  readonly operation: OperationDefinitionNode;
  readonly variables: Readonly<Record<string, unknown>> | null | undefined;
}

const numbers = new WeakMap<object, number>();
let lastNumber = 0;

/** Results that went to several, each with its text once there is one. */
const shared = new WeakMap<object, string | null>();

/**
 * The company of one operation, and its session to read with. Others may join as long as they would be told the same by
 * reads of their own: until the first answer of a service, as reads under way are shared anyhow, and until the store is
 * asked, which is never shared. Then nothing is missed that was written, here or elsewhere, before somebody joined.
 */
export function createSharedExecution(session: Session): SharedExecution {
  const company: SharedExecution = { session: { ...session, onRead: () => company.close() }, close: () => {} };
  return company;
}

/**
 * Runs a query, or waits for the same one of the same token that is under way and may still be joined. A write in the project
 * ends the joining as it does for a read. An answer with errors is its asker's own, as those carry the request's id: who
 * waited for it runs alone. Anything but a query always does.
 */
export async function shareExecution(
  company: SharedExecution | undefined,
  asked: OperationRequest,
  run: () => Promise<ExecutionResult>,
): Promise<ExecutionResult> {
  if (!company || asked.operation.operation !== 'query') return run();
  const { session } = company;
  let isOwn = false;
  const { result, token } = singleFlight(
    session.cloud,
    flightKeyOf(session),
    session.token,
    nameOf(session, asked),
    (close) => {
      isOwn = true;
      company.close = close;
      return run();
    },
  );
  if (isOwn) return result;
  const answer = await result;
  // what hangs on the token itself, as when it ends, is not told to the bearer of another
  if (token !== session.token || answer.errors || !answer.data) return run();
  if (!shared.has(answer.data)) shared.set(answer.data, null);
  return answer;
}

/** The text of a result, made once for all who share it. */
export function stringifyResult(result: { data?: unknown; errors?: unknown; extensions?: unknown }): string {
  const { data, errors, extensions } = result;
  const isShared = typeof data === 'object' && data !== null && !errors && !extensions && shared.has(data);
  if (!isShared) return JSON.stringify(result);
  const text = shared.get(data) ?? JSON.stringify(result);
  shared.set(data, text);
  return text;
}

function nameOf({ identity }: Session, { operation, variables }: OperationRequest): string {
  return `operation ${numberOf(operation)} ${numberOf(identity)} ${JSON.stringify(variables ?? {})}`;
}

/** Tells objects apart in a text. */
function numberOf(object: object): number {
  let number = numbers.get(object);
  if (number === undefined) {
    lastNumber += 1;
    number = lastNumber;
    numbers.set(object, number);
  }
  return number;
}
