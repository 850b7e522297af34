/**
 * Circuit breakers: calls that keep failing are not sent for a while. A breaker library would do for one service; here the
 * failures of one project must not cut off the others, and each error says when the next call is sent.
 */
import { LRUCache } from 'lru-cache';
import { OpenStackError } from '../errors.ts';
import { SERVICE_TITLES, type ServiceName } from '../services.ts';

/** A circuit opens after this many failures in a row. */
const MAX_FAILURES = 5;
/** How long an open circuit stays open, in ms: doubling to MAX_DELAY_MS, and for writes later on to MAX_WRITE_DELAY_MS. */
const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 5000;
const MAX_WRITE_DELAY_MS = 60_000;
/** After this many openings in a row, about 45 s, the delay of writes exceeds MAX_DELAY_MS. */
const LONG_AFTER = 12;
/** Maximum number of failing circuits. A circuit without failures takes no memory. */
const MAX_CIRCUITS = 10_000;

/** What a call counts for. */
export interface CircuitKey {
  readonly service: ServiceName;
  readonly isWrite: boolean;
  /** The project whose call it is: its failures open its own circuit only. */
  readonly project: string;
}

/** A call that was let through. The first of its functions that is called counts. */
export interface Attempt {
  succeed(): void;
  /** `isConnection`: no connection could be opened, whatever the request. */
  fail(failure: { message: string; isConnection: boolean; retryAfterMs?: number | null }): void;
  /** The outcome says nothing about the service: the caller aborted. */
  cancel(): void;
}

/** The circuits of a cloud's services. */
export interface Circuits {
  /** Rejects a call whose circuit is open, with an OpenStackError `unreachable` that has the reason and `retryAfterMs`. */
  enter(key: CircuitKey): Attempt;
}

interface Circuit {
  failures: number;
  /** Openings in a row. */
  openings: number;
  /** On the monotonic clock, in ms. */
  openUntil: number;
  isProbing: boolean;
  reason: string;
}

/**
 * Creates closed circuits. One circuit per service counts connections that cannot be opened. One per service, project and
 * kind counts the other failures: a read that succeeds does not close the circuit of writes.
 */
export function createCircuits(now: () => number = () => performance.now()): Circuits {
  const circuits = new LRUCache<string, Circuit>({ max: MAX_CIRCUITS });

  /** Throws if the circuit is open. When it has been open long enough, one call is let through at a time. */
  function check(name: string, { service, isWrite }: CircuitKey): boolean {
    const circuit = circuits.get(name);
    if (!circuit || circuit.openings === 0) return false;
    const openMs = circuit.openUntil - now();
    if (openMs > 0 || circuit.isProbing) {
      const retryAfterMs = Math.max(FIRST_DELAY_MS, Math.ceil(openMs));
      const calls = isWrite ? 'Writes' : 'Calls';
      const message = `${calls} to ${SERVICE_TITLES[service]} keep failing and are not sent for now; the last failure: ${circuit.reason}`;
      throw new OpenStackError(message, { service, kind: 'unreachable', retryAfterMs });
    }
    circuit.isProbing = true;
    return true;
  }

  function countFailure(name: string, key: CircuitKey, openings: number, reason: string, retryAfterMs: number): void {
    const circuit = circuits.get(name) ?? { failures: 0, openings: 0, openUntil: 0, isProbing: false, reason };
    circuits.set(name, circuit);
    // a call that was sent before the circuit opened is not news
    if (circuit.openings !== openings) return;
    circuit.failures += 1;
    circuit.reason = reason;
    circuit.isProbing = false;
    if (circuit.failures < MAX_FAILURES && circuit.openings === 0) return;
    circuit.openUntil = now() + Math.max(delayMs(circuit.openings, key.isWrite), Math.min(retryAfterMs, maxDelay(key)));
    circuit.openings += 1;
  }

  return {
    enter(key) {
      const names = {
        connection: key.service,
        calls: `${key.service} ${key.isWrite ? 'write' : 'read'} ${key.project}`,
      };
      const openings = { connection: openingsOf(names.connection), calls: openingsOf(names.calls) };
      const isProbe = { connection: check(names.connection, key), calls: false };
      const release = (which: keyof typeof names) => {
        const circuit = circuits.get(names[which]);
        if (circuit && isProbe[which]) circuit.isProbing = false;
      };
      try {
        isProbe.calls = check(names.calls, key);
      } catch (error) {
        release('connection');
        throw error;
      }
      let isDone = false;
      const once = () => {
        const isFirst = !isDone;
        isDone = true;
        return isFirst;
      };
      return {
        succeed() {
          if (!once()) return;
          circuits.delete(names.connection);
          circuits.delete(names.calls);
        },
        fail({ message, isConnection, retryAfterMs }) {
          if (!once()) return;
          const failed = isConnection ? 'connection' : 'calls';
          const connectionKey = { ...key, isWrite: false };
          countFailure(names[failed], isConnection ? connectionKey : key, openings[failed], message, retryAfterMs ?? 0);
          if (isConnection) release('calls');
          else circuits.delete(names.connection);
        },
        cancel() {
          if (!once()) return;
          release('connection');
          release('calls');
        },
      };
    },
  };

  function openingsOf(name: string): number {
    return circuits.get(name)?.openings ?? 0;
  }
}

function maxDelay({ isWrite }: CircuitKey): number {
  return isWrite ? MAX_WRITE_DELAY_MS : MAX_DELAY_MS;
}

/** How long the next opening lasts: 250 ms, 500 ms, … 5 s; after LONG_AFTER openings 10 s, 20 s, … 60 s for writes. */
function delayMs(openings: number, isWrite: boolean): number {
  if (!isWrite || openings < LONG_AFTER) return Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(openings, 10));
  return Math.min(MAX_WRITE_DELAY_MS, MAX_DELAY_MS * 2 ** Math.min(openings - LONG_AFTER + 1, 10));
}
