import { setMaxListeners } from 'node:events';
import { type Deadline, startDeadline } from '../openstack/deadline.ts';

/**
 * How long one operation may take: the signal of its session, to be ended with it. Every call upstream listens to it, and
 * MAX_COST bounds how many there are: Node's warning at the eleventh is for listeners that are forgotten.
 */
export function startPatience(ms: number): Deadline {
  const deadline = startDeadline(ms);
  setMaxListeners(0, deadline.signal);
  return deadline;
}

/** The same for one event of a subscription, whose end nobody says: the clock does not keep the process alive. */
export function eventSignal(ms: number): AbortSignal {
  const signal = AbortSignal.timeout(ms);
  setMaxListeners(0, signal);
  return signal;
}
