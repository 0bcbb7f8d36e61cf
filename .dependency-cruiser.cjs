// Who may know whom. `test/rules/boundaries.test.ts` proves with planted violations that each rule bites, and that
// the cruiser saw the tree at all (a TypeScript too new for it makes it check one module and pass).
const serviceFolders = '^services/([^/]+)/'

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-service-to-service',
      comment: 'Services meet on the bus. A service never imports another one, by whatever path.',
      severity: 'error',
      from: { path: serviceFolders },
      to: { path: serviceFolders, pathNot: '^services/$1/' },
    },
    {
      name: 'packages-know-no-service',
      severity: 'error',
      from: { path: '^packages/' },
      to: { path: '^(services|deploy|test)/' },
    },
    {
      name: 'only-standalone-composes',
      comment: 'Only the composition root may import services; benchmarks compose what they measure.',
      severity: 'error',
      from: { path: '^(packages|test)/', pathNot: '^test/bench/' },
      to: { path: '^services/[^/]+/src' },
    },
    {
      name: 'no-deep-imports',
      comment: "Another package's src is private; import the package by its name.",
      severity: 'error',
      from: { path: '^(packages|services|deploy|test)/([^/]+)/', pathNot: '^test/rules/' },
      to: {
        path: '^(packages|services)/[^/]+/(src|test)/',
        pathNot: [
          '^$1/$2/',
          '^(packages|services)/[^/]+/src/index[.]ts$',
          '^packages/secrets/src/open[.]ts$',
          '^packages/router-session/src/packages/index[.]ts$',
        ],
      },
    },
    {
      name: 'src-knows-no-test',
      severity: 'error',
      from: { path: '/src/', pathNot: '^packages/test-kit/' },
      to: { path: ['^(packages|services)/[^/]+/test/', '^test/', '^packages/test-kit/'] },
    },
    {
      name: 'product-knows-no-simulator',
      severity: 'error',
      from: { path: '^services/[^/]+/src/' },
      to: { path: '^packages/router-sim/' },
    },
    {
      name: 'domain-imports-no-store',
      comment: 'handlers → service → store; a domain file imports none of them.',
      severity: 'error',
      from: {
        path: '^services/[^/]+/src/',
        pathNot: '(-service|-store|-handlers|-routes|-schema|service|index|main)[.]ts$',
      },
      to: { path: '-(handlers|routes)[.]ts$' },
    },
    {
      name: 'store-imports-no-service',
      severity: 'error',
      from: { path: '-store[.]ts$' },
      to: { path: '-(service|handlers|routes)[.]ts$' },
    },
    {
      name: 'prisma-only-in-stores',
      severity: 'error',
      from: { path: '^services/[^/]+/src/', pathNot: '(-store|/service|/database)[.]ts$|/generated/' },
      to: { path: '/src/generated/|@prisma/client' },
    },
    {
      name: 'ssh2-only-in-router-packages',
      severity: 'error',
      from: { pathNot: '^(packages/router-(session|sim)|deploy/standalone)/|^test/' },
      to: { path: 'node_modules/ssh2/' },
    },
    {
      name: 'only-executor-opens-secrets',
      comment: 'Inventory only seals. Auth opens its own signing key, nothing else can.',
      severity: 'error',
      from: {
        path: '^(services|packages|deploy)/',
        pathNot: '^(services/(executor|auth)|packages/secrets)/',
      },
      to: { path: '^packages/secrets/src/open[.]ts$' },
    },
    { name: 'no-circular', severity: 'error', from: { pathNot: '/generated/' }, to: { circular: true } },
    { name: 'not-resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-undeclared-packages',
      severity: 'error',
      from: { pathNot: '^test/|/test/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|[.]tap|[.]turbo)/|/generated/.*[.]d[.]ts$' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    combinedDependencies: false,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['slipway-source', 'import', 'node', 'default', 'types'],
      extensions: ['.ts', '.mjs', '.js', '.cjs', '.json', '.d.ts'],
    },
  },
}
