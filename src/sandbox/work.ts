import type { Cloud } from './cloud.ts';

/** Runs `work` after `ms` unless the cloud is stopped before. Does not keep the process alive. */
export function later(cloud: Cloud, ms: number, work: () => void): void {
  const timer = setTimeout(() => {
    cloud.timers.delete(timer);
    work();
    notify(cloud);
  }, ms);
  timer.unref();
  cloud.timers.set(timer, work);
}

/** Runs all scheduled work at once, but not the work that it schedules. */
export function step(cloud: Cloud): void {
  for (const [timer, work] of [...cloud.timers]) {
    clearTimeout(timer);
    cloud.timers.delete(timer);
    work();
  }
  notify(cloud);
}

/** Evaluates the conditions of `waitUntil` again. */
export function notify(cloud: Cloud): void {
  for (const watcher of [...cloud.watchers]) watcher();
}

/** Cancels all scheduled work. */
export function stopTimers(cloud: Cloud): void {
  for (const timer of cloud.timers.keys()) clearTimeout(timer);
  cloud.timers.clear();
}

/** Resolves when the condition holds, now or after a change; never after the cloud is stopped. */
export function waitUntil(cloud: Cloud, condition: () => boolean): Promise<void> {
  if (condition()) return Promise.resolve();
  return new Promise((resolve) => {
    const look = () => {
      if (!condition()) return;
      cloud.watchers.delete(look);
      resolve();
    };
    cloud.watchers.add(look);
  });
}
