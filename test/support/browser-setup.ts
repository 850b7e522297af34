import { buildGateway } from './build.ts';
import setUpRedis from './global-setup.ts';

/** Jest's globalSetup of the browser tests: the built gateway with its pages, and a Redis. */
export default async function setUp(): Promise<void> {
  buildGateway();
  await setUpRedis();
}
