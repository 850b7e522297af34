/** Loaded into each measured server with `--import`: reports the process's own CPU and memory. */
import { handleCalls } from './calls.ts';

handleCalls({
  cpu: () => {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
  rss: () => {
    (globalThis as { gc?: () => void }).gc?.();
    (globalThis as { gc?: () => void }).gc?.();
    return process.memoryUsage.rss();
  },
});
process.channel?.unref();
