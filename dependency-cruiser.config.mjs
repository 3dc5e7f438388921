// Who may import whom; `npx pnpm boundaries` fails on the first import that breaks it. The table that this
// file puts into force is in ARCHITECTURE.md.

/** Everything of ours but the named folders. */
const OURS = ['packages/[^/]+', 'services/[^/]+', 'gateway', 'infra/[^/]+'];
const except = (...folders) => `^(?!${folders.map((folder) => `${folder}/`).join('|')})(${OURS.join('|')})/`;

const TEST = '[.]test(-d)?[.]ts$|/testing/|/test/';

/** Code that runs in a service may import the named folders; its tests the test kit too. */
const mayImport = (folder, ...allowed) => [
  {
    name: `${folder.replace('/', '-')}-imports`,
    severity: 'error',
    from: { path: `^${folder}/`, pathNot: TEST },
    to: { path: except(folder, ...allowed) },
  },
  {
    name: `${folder.replace('/', '-')}-test-imports`,
    severity: 'error',
    from: { path: `^${folder}/.*(${TEST})` },
    to: { path: except(folder, ...allowed, 'infra/testing', 'infra/servers') },
  },
];

export default {
  forbidden: [
    ...mayImport('packages/types'),
    ...mayImport('packages/telemetry', 'packages/types'),
    ...mayImport('services/control-plane', 'packages/types', 'packages/telemetry'),
    ...mayImport('services/ingest', 'packages/types', 'packages/telemetry'),
    ...mayImport('gateway', 'packages/types', 'packages/telemetry'),
    ...mayImport('packages/datasets', 'packages/types'),
    ...mayImport('packages/cli', 'packages/datasets', 'packages/types'),
    {
      name: 'ingest-knows-no-prisma',
      comment: 'Ingest reads two views; the tables and their Prisma client belong to the control plane.',
      severity: 'error',
      from: { path: '^services/ingest/' },
      to: { path: 'prisma' },
    },
    {
      name: 'opentelemetry-only-in-telemetry',
      comment: 'packages/telemetry is where OpenTelemetry is known; everyone else knows spans of ours.',
      severity: 'error',
      from: { pathNot: '^packages/telemetry/|node_modules' },
      to: { path: '@opentelemetry' },
    },
    {
      name: 'opentelemetry-loaded-on-demand',
      comment: 'What every process imports of packages/telemetry reaches dist/sdk through import() alone.',
      severity: 'error',
      from: { path: '^packages/telemetry/dist/(?!sdk/)' },
      to: { path: '@opentelemetry|^packages/telemetry/dist/sdk/', dynamic: false },
    },
    // The rules below are about what runs, so they look at the built files: imports of types are gone there.
    {
      name: 'sdk-has-no-runtime-dependency',
      comment: 'The SDK runs in browsers and has nothing to install; of the contract it takes the types.',
      severity: 'error',
      from: { path: '^packages/datasets/dist/' },
      to: { pathNot: '^packages/datasets/', dependencyTypesNot: ['core'] },
    },
    {
      name: 'no-development-dependency',
      comment: 'What runs in production is a dependency, not a devDependency.',
      severity: 'error',
      from: { path: '^(packages/[^/]+|services/[^/]+|gateway)/dist/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'no-cycle',
      severity: 'error',
      from: { path: '/dist/' },
      to: { circular: true },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    // TypeScript 7 has no JavaScript API; swc reads TypeScript as well.
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    // Generated, or a bundle of what is looked at elsewhere.
    exclude: { path: '/generated/|/dist/[.]?package/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['types', 'import', 'node', 'default'],
      extensions: ['.ts', '.js', '.mjs', '.cjs', '.d.ts', '.json'],
      mainFields: ['module', 'main', 'types'],
    },
  },
};
