/** jest's globalTeardown: ends the redis-server that globalSetup started. */
export default async function tearDownRedis(): Promise<void> {
  await globalThis.testRedis?.stop();
}
