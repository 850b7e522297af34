import { afterEach, describe, expect, test } from '@jest/globals';
import { connectStore, watchHandles } from '../../support/open-handles.ts';
import { until } from '../../support/until.ts';
import { cluster } from './cluster.ts';

describe('the gateway closes its connections to a cluster', () => {
  const handles = watchHandles();
  afterEach(async () => {
    cluster.servers[0]?.resume();
    await cluster.heal();
  });

  test('while a node does not respond -> nothing is left open', async () => {
    const gateway = await connectStore(cluster.url);
    cluster.servers[0]?.pause();
    await gateway.close();
    // ioredis gives one connection of its own 2 s
    await until(async () => (await handles.open()).length === 0);
    expect(await handles.open()).toEqual([]);
  });
});
