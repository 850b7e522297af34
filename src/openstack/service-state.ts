/** Whether each service answers, as its calls show: one log line when it stops and one when it is back. */
import type { Logger } from 'pino';
import { isConnectionFailure } from './errors.ts';
import type { FinishedCall } from './http/call.ts';
import { SERVICE_TITLES, type ServiceName } from './services.ts';

/** A service is away after this many failures in a row, or after one connection that could not be opened. */
const MAX_FAILURES = 3;

export interface ServiceStates {
  /** Counts the outcome of a call. */
  observe(call: FinishedCall): void;
  /** Whether the last calls to the service were answered; true before the first one. */
  isUp(service: ServiceName): boolean;
}

interface State {
  failures: number;
  /** When the service went away, in ms since the epoch; null while it is up. */
  downSince: number | null;
}

/** Creates the states, all up. `timeoutMs`: a call that was given less time says nothing about the service. */
export function createServiceStates(log: Logger, timeoutMs: number): ServiceStates {
  const states = new Map<ServiceName, State>();

  function stateOf(service: ServiceName): State {
    const state = states.get(service) ?? { failures: 0, downSince: null };
    states.set(service, state);
    return state;
  }

  return {
    observe(call) {
      const state = stateOf(call.service);
      if (!isFailure(call)) {
        if (state.downSince !== null) logBack(log, call.service, state.downSince);
        Object.assign(state, { failures: 0, downSince: null });
      } else if (!isInconclusive(call, timeoutMs)) {
        state.failures += 1;
        const isAway = state.failures >= MAX_FAILURES || (call.error !== null && isConnectionFailure(call.error));
        if (state.downSince !== null || !isAway) return;
        state.downSince = Date.now();
        logAway(log, call);
      }
    },
    isUp: (service) => stateOf(service).downSince === null,
  };
}

/** A rejected request is an answer; a status of 500 and more, or no usable response, is none. */
function isFailure({ error, status }: FinishedCall): boolean {
  return error !== null && (error.kind !== 'refused' || (status ?? 0) >= 500);
}

/** A call that its caller aborted, or gave too little time. */
function isInconclusive({ error, seconds }: FinishedCall, timeoutMs: number): boolean {
  return error?.kind === 'timeout' && seconds * 1000 < timeoutMs / 2;
}

function logAway(log: Logger, { service, error, status }: FinishedCall): void {
  const { openstackRequestId = null } = error ?? {};
  log.warn(
    { service, status, openstackRequestId, reason: error?.message },
    `${SERVICE_TITLES[service]} is unavailable`,
  );
}

function logBack(log: Logger, service: ServiceName, since: number): void {
  const seconds = Math.round((Date.now() - since) / 1000);
  log.warn({ service, seconds }, `${SERVICE_TITLES[service]} is available again`);
}
