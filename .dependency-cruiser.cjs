/**
 * Which folder may import which, types included: downward only, transport -> graphql -> attachments -> openstack ->
 * errors. Biome finds circular imports (noImportCycles): it ignores type imports, which the parser here does not.
 */

/** The transports: each has a folder, and the files beside the folders are common to all of them. */
const TRANSPORTS = '^src/transport/(graphql-http|graphql-ws|graphql-sse|compute-api|graphiql|console)/';
const GRAPHQL =
  '^(src/graphql/|node_modules/(graphql|graphql-jit|graphql-ws|@graphql-tools|@apollo|@as-integrations)/)';

/** Files in `from` import nothing of this project except `from` itself and what `allowed` matches. */
const only = (from, allowed, comment) => ({
  name: `${from}-imports`,
  severity: 'error',
  comment,
  from: { path: `^src/${from}/` },
  to: { path: '^src/', pathNot: [`^src/${from}/`, ...allowed] },
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
    only('openstack', ['^src/(errors|deadline|url)\\.ts$'], 'The clients know only error codes, deadlines and URLs.'),
    only('redis', ['^src/(errors|deadline|url)\\.ts$'], 'Connecting to Redis knows nothing of what is stored.'),
    only('sandbox', [], 'The sandbox is a cloud: shared code would hide contradictions between it and the gateway.'),
    only(
      'metrics',
      ['^src/errors\\.ts$', '^src/(openstack|attachments|redis)/'],
      'Metrics count what others report: they know no transport.',
    ),
    only(
      'attachments',
      ['^src/(openstack|redis)/', '^src/(errors|deadline|url)\\.ts$'],
      'The domain knows neither GraphQL nor transports.',
    ),
    only(
      'notifications',
      ['^src/(attachments|openstack)/', '^src/(errors|deadline|url)\\.ts$'],
      'Notifications come from the event log, whatever transport a request used.',
    ),
    only(
      'graphql',
      ['^src/(attachments|openstack)/', '^src/(config|errors|deadline|url)\\.ts$'],
      'Resolvers and execution know nothing of transports.',
    ),
    {
      name: 'common-transport-code',
      severity: 'error',
      comment: 'What is common to all transports knows none of them. app.ts puts them together.',
      from: { path: '^src/transport/[^/]+\\.ts$' },
      to: { path: TRANSPORTS },
    },
    {
      name: 'transports-are-separate',
      severity: 'error',
      comment: 'A transport knows no other transport.',
      from: { path: TRANSPORTS },
      to: { path: TRANSPORTS, pathNot: '^src/transport/$1/' },
    },
    {
      name: 'compute-api-without-graphql',
      severity: 'error',
      comment: 'The compute API does not reach GraphQL, directly or through other files.',
      from: { path: '^src/transport/compute-api/' },
      to: { path: GRAPHQL, reachable: true },
    },
    {
      name: 'resolvers-use-their-context',
      severity: 'error',
      comment: 'No client and no store: loaders, attachments and identity come from the context.',
      from: { path: '^src/graphql/resolvers/' },
      to: { path: '^src/(openstack/.*(client|request)|attachments/store/)' },
    },
    {
      name: 'sandbox-from-the-root-only',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(sandbox/|app\\.ts$|process\\.ts$)' },
      to: { path: '^src/sandbox/' },
    },
    {
      name: 'app-is-the-top',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(main|process)\\.ts$' },
      to: { path: '^src/(app|main|process)\\.ts$' },
    },
    {
      name: 'shared-helpers-import-nothing',
      severity: 'error',
      from: { path: '^src/(errors|deadline|url)\\.ts$' },
      to: { path: '^src/' },
    },
    {
      name: 'pure-files',
      severity: 'error',
      comment: 'These import no package.',
      from: { path: '^src/(attachments/(reconcile/decide|attachment)|attachments/store/keys|openstack/catalog)\\.ts$' },
      to: { dependencyTypes: ['npm', 'npm-dev', 'npm-optional', 'npm-peer', 'npm-no-pkg', 'core'] },
    },
  ],
  options: {
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    // The GraphiQL page has its own bundler and tsconfig; swc's parser here does not read JSX.
    // The clients have packages of their own, which are installed for their tests only.
    exclude: { path: '^(web|test/clients)/' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.tsx', '.mjs', '.js', '.json'],
      conditionNames: ['import', 'node', 'types'],
    },
  },
};
