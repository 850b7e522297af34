/** Jest's globalTeardown: ends the redis-server that globalSetup started. */
export default async function tearDown(): Promise<void> {
  await globalThis.testRedis?.stop();
  delete process.env.TEST_REDIS_URL;
}
