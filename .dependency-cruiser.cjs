/** Who may import whom (infra/decisions and the README's picture say why). */
const only = (pkg, allowed) => ({
  name: `${pkg}-imports`,
  severity: 'error',
  comment: `packages/${pkg} may import only: ${allowed.join(', ') || 'no other package'}`,
  from: { path: `^packages/${pkg}/src`, pathNot: '\\.test\\.ts$' },
  to: { path: '^(packages|services|test)/', pathNot: `^packages/(${[pkg, ...allowed].join('|')})/` },
});
const library = (name, users) => ({
  name: `${name.replace(/\W/g, '')}-is-fenced`,
  severity: 'error',
  comment: `${name} is imported only in ${users}`,
  from: { path: '^(packages|services)/', pathNot: [users, '\\.test\\.ts$'] },
  to: { path: `node_modules/${name}(/|$)` },
});
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    only('protocol', []),
    only('audio', ['protocol']),
    only('dialects', ['protocol', 'audio']),
    only('storage', ['protocol']),
    only('sessions', ['protocol', 'audio']),
    only('journal', ['protocol']),
    only('intake', ['protocol', 'audio', 'journal', 'storage', 'sessions']),
    only('queue', ['protocol']),
    only('node', ['protocol', 'journal', 'intake', 'storage', 'sessions', 'queue', 'runtime']),
    only('transcription', ['protocol', 'audio']),
    only('runtime', ['protocol']),
    only('calls', ['protocol', 'audio']),
    only('client', ['protocol']),
    only('cli', ['protocol', 'client']),
    {
      name: 'services-do-not-import-each-other',
      severity: 'error',
      from: { path: '^services/(ingest|worker|calls)/src', pathNot: '\\.test\\.ts$' },
      to: { path: '^(services/(?!$1)|test/)' },
    },
    {
      name: 'packages-do-not-import-services',
      severity: 'error',
      from: { path: '^packages/', pathNot: '\\.test\\.ts$' },
      to: { path: '^(services|test)/' },
    },
    library('@aws-sdk', '^packages/storage/'),
    library('bullmq', '^packages/queue/'),
    library('ioredis', '^(packages/(queue|sessions|runtime)/|services/[a-z]+/src/app\\.ts)'),
    library('ws', '^(packages/client/|services/ingest/src/stream/|services/calls/src/(media|carriers)/)'),
    library('fastify', '^(packages/runtime/|services/(ingest|worker|calls)/)'),
    {
      name: 'pure-packages-do-no-io',
      severity: 'error',
      from: { path: '^packages/(protocol|audio|dialects|calls)/src', pathNot: '\\.test\\.ts$' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'no-undeclared-dependencies',
      severity: 'error',
      from: { path: '^(packages|services)/' },
      // A workspace package resolves to its source, which has no npm type; pnpm lets only declared ones resolve.
      to: {
        pathNot: '^(packages|services|test)/',
        dependencyTypes: ['unknown', 'undetermined', 'npm-no-pkg', 'npm-unknown'],
      },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    exclude: { path: '(^|/)(dist|node_modules/.+/node_modules)/' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['source', 'import', 'node', 'default', 'types'],
    },
  },
};
