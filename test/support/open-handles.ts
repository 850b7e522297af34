import { createHook } from 'node:async_hooks';
import { afterEach, beforeEach } from '@jest/globals';
import { pino } from 'pino';
import { createRedisStore } from '../../src/attachments/store/redis.ts';
import { connectRedis } from '../../src/redis/connect.ts';
import { anAttachment } from './attachments.ts';
import { randomPrefix } from './redis.ts';

const log = pino({ level: 'silent' });
/** A timer that is shorter does not keep a process from ending noticeably, in ms. */
const SHORT_TIMER_MS = 50;
const { projectId } = anAttachment();

/**
 * Watches, in each test of the surrounding file or describe, the sockets and timers that the gateway or ioredis open.
 * `open` lists those that still keep the process from ending; `forget` drops what was opened so far.
 */
export function watchHandles() {
  const handles = new Map<number, { hasRef?(): boolean; _idleTimeout?: number }>();
  const hook = createHook({
    init(id, type, _trigger, resource) {
      if (!/^(TCPWRAP|Timeout)$/.test(type)) return;
      if (/node_modules\/ioredis|\/src\//.test(new Error().stack ?? '')) handles.set(id, resource);
    },
    destroy: (id) => void handles.delete(id),
  });
  beforeEach(() => {
    Error.stackTraceLimit = 30;
    handles.clear();
    hook.enable();
  });
  afterEach(() => {
    hook.disable();
    Error.stackTraceLimit = 10;
  });
  return {
    async open(): Promise<string[]> {
      // the hook runs one tick after a handle is destroyed
      await new Promise((resolve) => setImmediate(resolve));
      return [...handles.values()]
        .filter(({ hasRef, _idleTimeout = 1000 }) => _idleTimeout >= SHORT_TIMER_MS && hasRef !== undefined)
        .filter((resource) => resource.hasRef?.())
        .map((resource) => resource.constructor.name);
    },
    forget: () => handles.clear(),
  };
}

/** Connects a store to Redis as the gateway does, with a subscription to a project. */
export async function connectStore(url: string) {
  const redis = connectRedis(url, log);
  const store = await createRedisStore({ redis, prefix: randomPrefix(), logLength: 100, log });
  await redis.ready();
  await store.subscribe(
    projectId,
    () => undefined,
    () => undefined,
  );
  return {
    redis,
    store,
    projectId,
    async close() {
      await store.close();
      await redis.close();
    },
  };
}
