import { buildGateway } from './build.ts';
import setUp from './global-setup.ts';

/** Jest's globalSetup of the resilience project: what every project needs, and the built gateway for its processes. */
export default async function setUpResilience(): Promise<void> {
  await setUp();
  buildGateway();
}
