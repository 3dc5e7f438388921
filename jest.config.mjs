import { fileURLToPath } from 'node:url';

const source = (path) => fileURLToPath(new URL(path, import.meta.url));

/** One configuration for every package; `infra/testing/bin/test.mjs` starts the servers that tests need. */
export default {
  rootDir: source('.'),
  roots: ['packages', 'services', 'gateway', 'infra'].map((folder) => source(folder)),
  testEnvironment: 'node',
  testMatch: ['**/src/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  modulePathIgnorePatterns: ['/dist/'],
  // Tests run from source, ours and that of the packages they import, so that a build is never stale.
  moduleNameMapper: {
    // One file instead of 370: see infra/testing/scripts/build.mjs.
    '^typebox$': source('infra/testing/dist/typebox.mjs'),
    '^@loguro/types$': source('packages/types/src/index.ts'),
    '^@loguro/types/operations$': source('packages/types/src/operations/index.ts'),
    '^@loguro/types/rate-limits$': source('packages/types/src/rate-limits/index.ts'),
    '^@loguro/telemetry$': source('packages/telemetry/src/index.ts'),
    '^@loguro/datasets$': source('packages/datasets/src/index.ts'),
    '^@loguro/testing$': source('infra/testing/src/index.ts'),
    '^@loguro/local$': source('infra/local/src/index.ts'),
    '^@loguro/docker$': source('infra/docker/src/index.ts'),
    '^@loguro/servers$': source('infra/servers/src/index.ts'),
    '^@loguro/gateway$': source('gateway/src/index.ts'),
    '^@loguro/gateway/testing$': source('gateway/src/testing/index.ts'),
  },
  resolver: source('infra/testing/jest-resolver.cjs'),
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2022', transform: { verbatimModuleSyntax: true } },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  // Servers start and processes are killed in these tests; a hang is still found within a minute.
  testTimeout: 30_000,
  maxWorkers: 2,
  // A test that leaves something open must be repaired, not waited for.
  forceExit: false,
};
