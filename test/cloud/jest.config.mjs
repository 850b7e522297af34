import { common } from '../../jest.config.mjs';

// npm run test:cloud, which runs one file after the other: they share the cloud
export default {
  ...common,
  testMatch: ['<rootDir>/test/cloud/**/*.test.ts'],
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
};
