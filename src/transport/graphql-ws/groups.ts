/** Groups of subscriptions with the same payloads: one execution and one text per event for all, however many they are. */
import type { ExecutionResult, OperationDefinitionNode } from 'graphql';
import { type EventStream, eventStreamOf, type LogEventStream } from '../../attachments/events.ts';
import type { LogEvent } from '../../attachments/store/contract.ts';
import type { Executor } from '../../graphql/execution/execute.ts';
import { mapEvents } from '../../graphql/execution/map-events.ts';
import { tokenHash } from '../../openstack/session.ts';
import { type BroadcastOptions, createBroadcast, type Listener, type Member, withLog } from './broadcast.ts';
import { SocketClose } from './connection.ts';

interface Group {
  readonly key: string;
  readonly events: LogEventStream;
  readonly members: Set<Member>;
}

/**
 * Creates the groups of this transport. `listen` returns the results for one listener: first its replay, one event at a
 * time. Then the listener joins its group, which writes to the sockets itself, so that the iterator yields nothing more but
 * the end, or an error. Sources that are no event stream are iterated all the way.
 */
export function createGroups(options: BroadcastOptions) {
  const { executor, contextOf } = options;
  const groups = new Map<string, Group>();
  const broadcast = createBroadcast(options);
  const keyOf = createKeys(executor);

  function listen(listener: Listener, source: AsyncIterator<unknown>): AsyncIterableIterator<ExecutionResult> {
    return mapEvents(
      eventStreamOf(source) ? replayThenJoin(listener, source as LogEventStream) : source,
      (event) => {
        const logged = withLog(listener);
        return executor.executeSubscriptionEvent(logged, logged.prepared, contextOf(logged.session), event);
      },
      (error) => (error instanceof SocketClose ? error : executor.formatError(error, withLog(listener))),
    );
  }

  /** Releases the listener's own stream when it joins a group: most listeners wait for a long time. */
  function replayThenJoin(listener: Listener, own: LogEventStream): AsyncIterator<LogEvent> {
    const state: { events: LogEventStream | null; leave: () => void } = { events: own, leave: () => {} };
    return {
      async next() {
        const { events } = state;
        if (!events) return { done: true, value: undefined };
        do {
          const value = await events.live.poll();
          // it may have left meanwhile
          if (!state.events) return { done: true, value: undefined };
          if (value) return { done: false, value };
        } while (!events.live.isIdle());
        state.events = null;
        const { member, ended } = createMember(listener, events.live.cursor(), () => state.leave());
        state.leave = join(member, events);
        return ended;
      },
      async return() {
        state.events?.return?.();
        state.events = null;
        state.leave();
        return { done: true, value: undefined };
      },
    };
  }

  /**
   * Adds a member that has received everything up to its cursor. The group cannot be ahead of it, since both get an event
   * in the same tick. The first member's stream becomes the group's. A group whose log is lost takes no members: it is
   * about to fail those that it has.
   */
  function join(member: Member, events: LogEventStream): () => void {
    const key = keyOf(member.listener, events.live);
    const found = groups.get(key);
    const isUsable = found !== undefined && found.events.live.errorAt(events.live.cursor()) === null;
    const group = isUsable ? found : { key, events, members: new Set<Member>() };
    group.members.add(member);
    if (isUsable) {
      events.return?.();
    } else {
      groups.set(key, group);
      void publish(group);
    }
    return () => {
      group.members.delete(member);
      if (group.members.size === 0) end(group);
    };
  }

  function end(group: Group): void {
    if (groups.get(group.key) === group) groups.delete(group.key);
    group.events.return?.();
  }

  async function publish(group: Group): Promise<void> {
    const { events, members } = group;
    try {
      for await (const event of events) await broadcast(members, event);
      for (const member of members) member.end();
    } catch (error) {
      for (const member of members) member.fail(events.live.errorAt(member.after ?? events.live.cursor()) ?? error);
    }
    end(group);
  }

  return { listen };
}

/** A member, and the promise that settles when its group ends or fails. */
function createMember(listener: Listener, after: string, leave: () => void) {
  const member: Member = { listener, after, end: leave, fail: leave };
  const ended = new Promise<IteratorReturnResult<undefined>>((resolve, reject) => {
    member.end = () => resolve({ done: true, value: undefined });
    member.fail = (error) => {
      leave();
      reject(error);
    };
  });
  return { member, ended };
}

/**
 * Creates the function that returns a listener's group key: the operation of a validated document, its events, its
 * variables and, where fields are read with the token, the token. Another token of the same user and roles does not share:
 * the access rules of an application credential can allow a token less than its user.
 */
function createKeys({ eventSharing }: Executor) {
  const numbers = new WeakMap<OperationDefinitionNode, number>();
  let last = 0;

  return function keyOf({ prepared, session }: Listener, live: EventStream): string {
    const { document, operation, variables } = prepared;
    const number = numbers.get(operation) ?? ++last;
    numbers.set(operation, number);
    const sharing = eventSharing(document, operation);
    const token = sharing.needsToken ? tokenHash(session.token) : null;
    const values = sharing.variables.map((name) => (Object.hasOwn(variables, name) ? [variables[name]] : []));
    return JSON.stringify([number, live.key, token, values]);
  };
}
