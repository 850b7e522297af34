import { common } from '../../jest.config.mjs';

// npm run test:browser
export default {
  ...common,
  testMatch: ['<rootDir>/test/browser/*.test.ts'],
  globalSetup: '<rootDir>/test/support/browser-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
};
