import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from '@jest/globals';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const cruiser = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');

/** A little repository with the folders of ours. */
let repository: string;
beforeEach(() => {
  repository = mkdtempSync(join(tmpdir(), 'loguro-boundaries-'));
  for (const folder of ['packages', 'services', 'gateway', 'infra']) mkdirSync(join(repository, folder));
});
afterEach(() => rmSync(repository, { recursive: true, force: true }));

/** Writes the files and returns the names of the rules they break. */
function broken(files: Record<string, string>): string[] {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(repository, path)), { recursive: true });
    writeFileSync(join(repository, path), text);
  }
  const args = [
    '--config',
    join(root, 'dependency-cruiser.config.mjs'),
    '-T',
    'json',
    'packages',
    'services',
    'gateway',
    'infra',
  ];
  const { stdout, stderr } = spawnSync(process.execPath, [cruiser, ...args], { cwd: repository, encoding: 'utf8' });
  if (stdout === '') throw new Error(stderr);
  const { summary } = JSON.parse(stdout) as { summary: { violations: { rule: { name: string } }[] } };
  return [...new Set(summary.violations.map(({ rule }) => rule.name))].sort();
}

const importing = (path: string) => `import { it } from '${path}';\nexport const mine = it;\n`;
const IT = 'export const it = 1;\n';

test('imports that follow the table are accepted', () => {
  const files = {
    'packages/types/src/index.ts': IT,
    'services/ingest/src/api.ts': importing('../../../packages/types/src/index.js'),
    'infra/testing/src/index.ts': importing('../../../packages/types/src/index.js'),
    'gateway/src/main.test.ts': importing('../../infra/testing/src/index.js'),
  };
  expect(broken(files)).toEqual([]);
});

test.each([
  ['packages/types/src/a.ts', 'services/ingest/src/it.ts', 'packages-types-imports'],
  ['services/ingest/src/a.ts', 'services/control-plane/src/it.ts', 'services-ingest-imports'],
  ['services/control-plane/src/a.ts', 'services/ingest/src/it.ts', 'services-control-plane-imports'],
  ['services/control-plane/src/a.ts', 'infra/testing/src/it.ts', 'services-control-plane-imports'],
  ['gateway/src/a.ts', 'services/ingest/src/it.ts', 'gateway-imports'],
  ['gateway/src/a.test.ts', 'services/ingest/src/it.ts', 'gateway-test-imports'],
  ['packages/types/src/a.ts', 'packages/telemetry/src/it.ts', 'packages-types-imports'],
  ['packages/telemetry/src/a.ts', 'gateway/src/it.ts', 'packages-telemetry-imports'],
  ['packages/cli/src/a.ts', 'packages/telemetry/src/it.ts', 'packages-cli-imports'],
  ['packages/datasets/src/a.ts', 'gateway/src/it.ts', 'packages-datasets-imports'],
  ['packages/cli/src/a.ts', 'services/ingest/src/it.ts', 'packages-cli-imports'],
])('%s may not import %s', (from, to, rule) => {
  const up = '../'.repeat(from.split('/').length - 1);
  expect(broken({ [from]: importing(`${up}${to.replace(/ts$/, 'js')}`), [to]: IT })).toEqual([rule]);
});

test('an import of a type counts as an import', () => {
  const type = "import type { It } from '../../control-plane/src/it.js';\nexport type Mine = It;\n";
  const files = { 'services/ingest/src/a.ts': type, 'services/control-plane/src/it.ts': 'export type It = string;\n' };
  expect(broken(files)).toEqual(['services-ingest-imports']);
});

test('ingest may not import Prisma', () => {
  const prisma = {
    'node_modules/@prisma/client/index.js': IT,
    'node_modules/@prisma/client/package.json': '{"main":"index.js"}',
  };
  expect(broken({ ...prisma, 'services/ingest/src/a.ts': importing('@prisma/client') })).toEqual([
    'ingest-knows-no-prisma',
  ]);
});

test('OpenTelemetry is imported by packages/telemetry alone, and there only on demand', () => {
  const api = {
    'node_modules/@opentelemetry/api/index.js': IT,
    'node_modules/@opentelemetry/api/package.json': '{"main":"index.js"}',
    'gateway/package.json': '{"dependencies":{"@opentelemetry/api":"1"}}',
    'packages/telemetry/package.json': '{"dependencies":{"@opentelemetry/api":"1"}}',
  };
  expect(broken({ ...api, 'gateway/src/a.ts': importing('@opentelemetry/api') })).toEqual([
    'opentelemetry-only-in-telemetry',
  ]);
  rmSync(join(repository, 'gateway/src'), { recursive: true });
  const open = { 'packages/telemetry/dist/sdk/open-tracing.js': importing('@opentelemetry/api') };
  const onDemand = "export const open = () => import('./sdk/open-tracing.js');\n";
  expect(broken({ ...open, 'packages/telemetry/dist/tracing.js': onDemand })).toEqual([]);
  expect(broken({ 'packages/telemetry/dist/tracing.js': "export { mine } from './sdk/open-tracing.js';\n" })).toEqual([
    'opentelemetry-loaded-on-demand',
  ]);
});

test('the built SDK may import nothing but itself and Node', () => {
  const dependency = { 'node_modules/dep/index.js': IT, 'node_modules/dep/package.json': '{"main":"index.js"}' };
  const own = { 'packages/datasets/package.json': '{"dependencies":{"dep":"1"}}' };
  const code = "import 'node:zlib';\nimport 'dep';\n";
  expect(broken({ ...dependency, ...own, 'packages/datasets/dist/a.js': code })).toEqual([
    'sdk-has-no-runtime-dependency',
  ]);
});

test('what runs may not need a development dependency', () => {
  const dependency = { 'node_modules/dep/index.js': IT, 'node_modules/dep/package.json': '{"main":"index.js"}' };
  const own = { 'gateway/package.json': '{"devDependencies":{"dep":"1"}}' };
  expect(broken({ ...dependency, ...own, 'gateway/dist/a.js': importing('dep') })).toEqual([
    'no-development-dependency',
  ]);
});

test('files that run may not import each other in a circle', () => {
  const circle = { 'gateway/dist/a.js': importing('./b.js'), 'gateway/dist/b.js': `import './a.js';\n${IT}` };
  expect(broken(circle)).toEqual(['no-cycle']);
});

test('an import that leads nowhere is reported', () => {
  expect(broken({ 'gateway/src/a.ts': importing('./gone.js') })).toEqual(['resolvable']);
});
