/** Subscriptions that are told the same: one execution and one text for all of them, whatever their number. */
import type { ExecutionResult, OperationDefinitionNode } from 'graphql';
import type { AttachmentEvent } from '../../attachments/attachment.ts';
import { type AttachmentEventStream, type EventStream, eventStreamOf } from '../../attachments/events.ts';
import type { Executor } from '../../graphql/execution/execute.ts';
import { mapEvents } from '../../graphql/execution/map-events.ts';
import { tokenHash } from '../../openstack/session.ts';
import { type BroadcastOptions, createBroadcast, type Listener, type Member, withLog } from './broadcast.ts';
import { SocketClose } from './connection.ts';

interface Group {
  readonly key: string;
  readonly events: AttachmentEventStream;
  readonly members: Set<Member>;
}

/**
 * Makes the groups of one door. Its `listen` gives the results for one listener: what it asked to be told again comes from
 * there, one by one. Then it joins its group, which writes to the sockets itself: from then on nothing comes but the end,
 * or an error. What is no log of events comes from there all the way.
 */
export function createGroups(options: BroadcastOptions) {
  const { executor, contextOf } = options;
  const groups = new Map<string, Group>();
  const tell = createBroadcast(options);
  const keyOf = createKeys(executor);

  function listen(listener: Listener, source: AsyncIterator<unknown>): AsyncIterableIterator<ExecutionResult> {
    return mapEvents(
      eventStreamOf(source) ? untilLive(listener, source as AttachmentEventStream) : source,
      (event) => {
        const told = withLog(listener);
        return executor.executeSubscriptionEvent(told, told.prepared, contextOf(told.session), event);
      },
      (error) => (error instanceof SocketClose ? error : executor.formatError(error, withLog(listener))),
    );
  }

  /** Lets go of the listener's own events when it joins: most wait for a long time. */
  function untilLive(listener: Listener, its: AttachmentEventStream): AsyncIterator<AttachmentEvent> {
    const state: { events: AttachmentEventStream | null; leave: () => void } = { events: its, leave: () => {} };
    return {
      async next() {
        const { events } = state;
        if (!events) return { done: true, value: undefined };
        do {
          const value = await events.live.poll();
          // it has left meanwhile
          if (!state.events) return { done: true, value: undefined };
          if (value) return { done: false, value };
        } while (!events.live.isIdle());
        state.events = null;
        const { member, ended } = waiting(listener, events.live.cursor(), () => state.leave());
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
   * For one who was told all that happened: the group tells what comes next. It cannot be ahead, since both hear of an
   * event at once. The first one's events become the group's. A group that has lost its log is about to say so to those who
   * were there.
   */
  function join(member: Member, events: AttachmentEventStream): () => void {
    const key = keyOf(member.listener, events.live);
    const found = groups.get(key);
    const isThere = found !== undefined && found.events.live.errorAt(events.live.cursor()) === null;
    const group = isThere ? found : { key, events, members: new Set<Member>() };
    group.members.add(member);
    if (isThere) {
      events.return?.();
    } else {
      groups.set(key, group);
      void tellOn(group);
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

  async function tellOn(group: Group): Promise<void> {
    const { events, members } = group;
    try {
      for await (const event of events) await tell(members, event);
      for (const member of members) member.end();
    } catch (error) {
      for (const member of members) member.fail(events.live.errorAt(member.after ?? events.live.cursor()) ?? error);
    }
    end(group);
  }

  return { listen };
}

/** A member, and what it waits for: that its group ends. */
function waiting(listener: Listener, after: string, leave: () => void) {
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
 * What the answers to a listener hang on: the operation of a validated document, its events, its variables and, where
 * fields are read with the token, that. Nobody else's token will do there, also not one of the same user and roles: an
 * application credential's access rules let a token do less than its user may.
 */
function createKeys({ eventSharing }: Executor) {
  const numbers = new WeakMap<OperationDefinitionNode, number>();
  let last = 0;

  return function keyOf({ prepared, session }: Listener, live: EventStream): string {
    const { document, operation, variables } = prepared;
    const number = numbers.get(operation) ?? ++last;
    numbers.set(operation, number);
    const sharing = eventSharing(document, operation);
    const who = sharing.needsToken ? tokenHash(session.token) : null;
    const given = sharing.variables.map((name) => (Object.hasOwn(variables, name) ? [variables[name]] : []));
    return JSON.stringify([number, live.key, who, given]);
  };
}
