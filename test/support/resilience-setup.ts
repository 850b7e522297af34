import { spawnSync } from 'node:child_process';
import setUp from './global-setup.ts';

/** Jest's globalSetup of the resilience project: what every project needs, and the gateway in one file for its processes. */
export default async function setUpResilience(): Promise<void> {
  await setUp();
  const { status } = spawnSync(process.execPath, ['scripts/bundle-gateway.mjs'], { stdio: 'inherit' });
  if (status !== 0) throw new Error('The gateway cannot be bundled: scripts/bundle-gateway.mjs');
}
