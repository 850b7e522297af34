// How the tests are arranged: two projects, which `npm test` runs in one go, `fast` first.
//   fast        units, contracts, sandbox, stores, transports, the gateway: what one runs while working (npm run test:fast)
//   resilience  the guest agent under three shells, processes killed at every point, Redis Clusters and Sentinels that fail over, random faults, overload, fuzzing
// test/browser and test/cloud need a browser or a cloud: they have a configuration of their own beside them.

/** What every project has in common. */
export const common = {
  rootDir: import.meta.dirname,
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'es6' } },
    ],
  },
  modulePathIgnorePatterns: ['<rootDir>/dist'],
  // long enough for a machine whose cores are busy: tests wait for events, so only a failure takes this long
  testTimeout: 120_000,
};

const SLOW = ['chaos', 'guest', 'resilience'];
const ELSEWHERE = ['browser', 'cloud'];
const inFolders = (names) => names.map((name) => `<rootDir>/test/${name}/`);

export default {
  maxWorkers: '100%',
  testSequencer: '<rootDir>/test/support/fast-first.mjs',
  testTimeout: common.testTimeout,
  projects: [
    {
      ...common,
      displayName: 'fast',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: inFolders([...SLOW, ...ELSEWHERE]),
      globalSetup: '<rootDir>/test/support/global-setup.ts',
      globalTeardown: '<rootDir>/test/support/global-teardown.ts',
    },
    {
      ...common,
      displayName: 'resilience',
      testMatch: inFolders(SLOW).map((folder) => `${folder}**/*.test.ts`),
      globalSetup: '<rootDir>/test/support/resilience-setup.ts',
      globalTeardown: '<rootDir>/test/support/global-teardown.ts',
    },
  ],
};
