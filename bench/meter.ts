/** Put into each measured server with `--import`: tells what it costs by its own clock. */
import { answerQuestions } from './questions.ts';

answerQuestions({
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
