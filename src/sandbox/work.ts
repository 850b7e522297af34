import type { Cloud } from './cloud.ts';

/** Does `work` after `ms`, unless the cloud is stopped before. Keeps no process alive. */
export function later(cloud: Cloud, ms: number, work: () => void): void {
  const timer = setTimeout(() => {
    cloud.timers.delete(timer);
    work();
    notify(cloud);
  }, ms);
  timer.unref();
  cloud.timers.set(timer, work);
}

/** Does at once what waits for its time now, but not what that begins. */
export function step(cloud: Cloud): void {
  for (const [timer, work] of [...cloud.timers]) {
    clearTimeout(timer);
    cloud.timers.delete(timer);
    work();
  }
  notify(cloud);
}

/** Tells those who wait for something that it may be so now. */
export function notify(cloud: Cloud): void {
  for (const watcher of [...cloud.watchers]) watcher();
}

/** Ends all work in progress. */
export function stopTimers(cloud: Cloud): void {
  for (const timer of cloud.timers.keys()) clearTimeout(timer);
  cloud.timers.clear();
}

/** When something is so, now or after a change. Never, once the cloud is stopped. */
export function waitUntil(cloud: Cloud, isSo: () => boolean): Promise<void> {
  if (isSo()) return Promise.resolve();
  return new Promise((resolve) => {
    const look = () => {
      if (!isSo()) return;
      cloud.watchers.delete(look);
      resolve();
    };
    cloud.watchers.add(look);
  });
}
