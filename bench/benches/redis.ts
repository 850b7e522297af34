/** `redis`: commits per second through the store's script, compared with the same commands in a pipeline. */
import { attachmentRecord, projectId, shareOfServer } from '../data.ts';
import { type Kept, keepAttachments, startStore } from '../gateway.ts';
import { barOf, type Line, median, number, ratio } from '../table.ts';

const RECORDS = 64;
const ROUNDS = 40;
const TIMES = 5;

export async function redis(): Promise<Line[]> {
  const kept = await startStore();
  try {
    await keepAttachments(kept, RECORDS, 1);
    const scripted: Cost[] = [];
    const raw: Cost[] = [];
    await commitAll(kept, ROUNDS);
    await sendRaw(kept, ROUNDS);
    for (let i = 0; i < TIMES; i++) {
      scripted.push(await costOf(kept, () => commitAll(kept, ROUNDS)));
      raw.push(await costOf(kept, () => sendRaw(kept, ROUNDS)));
    }
    const [ours, theirs] = [median(scripted.map((one) => one.perSecond)), median(raw.map((one) => one.perSecond))];
    const line = (stack: string, costs: Cost[]) => ({
      bench: `redis: ${RECORDS} commits at once`,
      stack,
      figures: {
        'commits/s': number(median(costs.map((one) => one.perSecond))),
        'Redis CPU µs/commit': number(median(costs.map((one) => one.redis)), 1),
        'of the pipeline': ratio(median(costs.map((one) => one.perSecond)), theirs),
      },
    });
    return [
      { ...line('gateway, commit.lua', scripted), bar: barOf('of the pipeline', ours / theirs, { atLeast: 0.7 }) },
      line('the same commands, raw in a pipeline', raw),
    ];
  } finally {
    await kept.close();
  }
}

interface Cost {
  perSecond: number;
  /** Microseconds of Redis CPU per commit. */
  redis: number;
}

async function costOf({ connections }: Kept, work: () => Promise<void>): Promise<Cost> {
  const cpu = async () => {
    const info = await connections.commands.info('cpu');
    const of = (name: string) => Number(new RegExp(`^${name}:(.*)$`, 'm').exec(info)?.[1]);
    return of('used_cpu_sys') + of('used_cpu_user');
  };
  const before = await cpu();
  const startedAt = performance.now();
  await work();
  const seconds = (performance.now() - startedAt) / 1000;
  const commits = RECORDS * ROUNDS;
  return { perSecond: commits / seconds, redis: ((await cpu()) - before) * (1e6 / commits) };
}

const records = () => Array.from({ length: RECORDS }, (_, i) => attachmentRecord(i, shareOfServer(i), projectId(0)));

/** All records once per round, each with its event. */
async function commitAll({ store }: Kept, rounds: number): Promise<void> {
  let now = await Promise.all(records().map(({ projectId: project, id }) => store.get(project, id)));
  for (let round = 0; round < rounds; round++) {
    now = await Promise.all(
      now.map(async (record) => {
        if (!record) throw new Error('a record is gone');
        const event = {
          type: 'ATTACHED' as const,
          at: record.updatedAt,
          requestId: null,
          reason: null,
          attachment: record,
        };
        const done = await store.commit(record, { event, dueInMs: 1_000_000 });
        if (typeof done === 'string') throw new Error(`a commit was refused: ${done}`);
        return done;
      }),
    );
  }
}

/** What commit.lua does, without its checks: no version is compared, nothing is atomic. */
async function sendRaw({ connections: { commands } }: Kept, rounds: number): Promise<void> {
  const all = records();
  for (let round = 0; round < rounds; round++) {
    const batch = commands.pipeline();
    for (const record of all) {
      const key = `{raw}${record.id}`;
      const event = JSON.stringify({ type: 'ATTACHED', at: record.updatedAt, attachment: record });
      batch.hmget(key, 'version', 'owner', 'until');
      batch.hincrby(key, 'version', 1);
      batch.hset(key, 'record', JSON.stringify(record), 'status', record.status);
      batch.hset(key, 'owner', '', 'until', 0);
      batch.zadd('{raw}due', Date.now(), record.id);
      batch.xrevrange('{raw}log', '+', '-', 'COUNT', 1);
      batch.xadd('{raw}log', 'MAXLEN', 10_000, '*', 'event', event);
      batch.spublish('{raw}channel', event);
      batch.sadd('{raw}news', record.projectId);
    }
    await batch.exec();
  }
}
