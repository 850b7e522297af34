/**
 * Who may import whom: downward only, transport -> graphql -> attachments -> openstack -> errors; types count.
 * Circles are Biome's to find (noImportCycles): it can tell an import that is gone at run time, swc's parser cannot.
 */
const below = (from, to, comment) => ({
  name: `${from}-below-${to.join('-')}`,
  severity: 'error',
  comment,
  from: { path: `^src/${from}/` },
  to: { path: `^src/(${to.join('|')})/` },
});

module.exports = {
  forbidden: [
    { name: 'no-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-dev-dependency-at-run-time',
      severity: 'error',
      comment: 'The image has no devDependencies. The browser page is bundled before.',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg'] },
    },
    below('graphql', ['transport'], 'Resolvers know nothing of doors.'),
    below('attachments', ['transport', 'graphql'], 'The domain knows nothing of GraphQL.'),
    below(
      'notifications',
      ['transport', 'graphql'],
      'The message bus hears of attachments, whichever door they came by.',
    ),
    {
      name: 'rest-without-graphql',
      severity: 'error',
      comment: 'The compute API is a door of its own to the same attachments.',
      from: { path: '^src/transport/compute-api/' },
      to: { path: '^(src/graphql/|node_modules/(graphql|@apollo)/)' },
    },
    {
      name: 'openstack-alone',
      severity: 'error',
      comment: 'The REST clients know nothing of ours but errors.ts.',
      from: { path: '^src/openstack/' },
      to: { path: '^src/', pathNot: '^src/(openstack/|(errors|deadline)\\.ts$)' },
    },
    {
      name: 'sandbox-alone',
      severity: 'error',
      comment: 'The sandbox is a cloud: what it would share with the gateway it could not contradict.',
      from: { path: '^src/sandbox/' },
      to: { path: '^src/', pathNot: '^src/sandbox/' },
    },
    {
      name: 'sandbox-put-in-by-the-root-only',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(sandbox/|app\\.ts$|main\\.ts$)' },
      to: { path: '^src/sandbox/' },
    },
    {
      name: 'app-is-the-top',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/main\\.ts$' },
      to: { path: '^src/(app|main)\\.ts$' },
    },
    {
      name: 'resolvers-use-their-context',
      severity: 'error',
      comment: 'No client and no store: loaders, attachments and identity come by the context.',
      from: { path: '^src/graphql/resolvers/' },
      to: { path: '^src/(openstack/.*(client|request)|attachments/store/)' },
    },
    {
      name: 'pure-files',
      severity: 'error',
      comment: 'These import no package at all.',
      from: { path: '^src/(attachments/(reconcile/decide|attachment)|attachments/store/keys|openstack/catalog)\\.ts$' },
      to: { dependencyTypes: ['npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-no-pkg', 'core'] },
    },
  ],
  options: {
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    // The GraphiQL page has a bundler and a tsconfig of its own; swc's parser here takes no JSX.
    exclude: { path: '^web/' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.tsx', '.mjs', '.js', '.json'],
      conditionNames: ['import', 'node', 'types'],
    },
  },
};
