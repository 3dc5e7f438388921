import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const cruiser = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');

const IT = 'export const it = 1;\n';
const importing = (path: string) => `import { it } from '${path}';\nexport const mine = it;\n`;
const installed = (name: string) => ({
  [`node_modules/${name}/index.js`]: IT,
  [`node_modules/${name}/package.json`]: '{"main":"index.js"}',
});

/** Who imports whom, and the rule that this breaks. Each importer is a file of its own. */
const FORBIDDEN = [
  ['packages/types/src/a.ts', 'services/ingest/src/it.ts', 'packages-types-imports'],
  ['services/ingest/src/a.ts', 'services/control-plane/src/it.ts', 'services-ingest-imports'],
  ['services/control-plane/src/a.ts', 'services/ingest/src/it.ts', 'services-control-plane-imports'],
  ['services/control-plane/src/b.ts', 'infra/testing/src/it.ts', 'services-control-plane-imports'],
  ['gateway/src/a.ts', 'services/ingest/src/it.ts', 'gateway-imports'],
  ['gateway/src/a.test.ts', 'services/ingest/src/it.ts', 'gateway-test-imports'],
  ['packages/types/src/b.ts', 'packages/telemetry/src/it.ts', 'packages-types-imports'],
  ['packages/telemetry/src/a.ts', 'gateway/src/it.ts', 'packages-telemetry-imports'],
  ['packages/cli/src/a.ts', 'packages/telemetry/src/it.ts', 'packages-cli-imports'],
  ['packages/datasets/src/a.ts', 'gateway/src/it.ts', 'packages-datasets-imports'],
  ['packages/cli/src/b.ts', 'services/ingest/src/it.ts', 'packages-cli-imports'],
] as const;

const ALLOWED = {
  'services/ingest/src/allowed.ts': importing('../../../packages/types/src/it.js'),
  'infra/testing/src/allowed.ts': importing('../../../packages/types/src/it.js'),
  'gateway/src/allowed.test.ts': importing('../../infra/testing/src/it.js'),
};

/** A little repository with the folders of ours and every fault that the rules are to find. */
const FILES: Record<string, string> = {
  'packages/types/src/it.ts': IT,
  ...ALLOWED,
  ...Object.fromEntries(FORBIDDEN.map(([, to]) => [to, IT])),
  ...Object.fromEntries(FORBIDDEN.map(([from, to]) => [from, importing(fromTop(from, to))])),
  'services/ingest/src/types.ts':
    "import type { It } from '../../control-plane/src/type.js';\nexport type Mine = It;\n",
  'services/control-plane/src/type.ts': 'export type It = string;\n',
  ...installed('@prisma/client'),
  ...installed('@opentelemetry/api'),
  ...installed('dep'),
  ...installed('dev'),
  'packages/datasets/package.json': '{"dependencies":{"dep":"1"}}',
  'packages/telemetry/package.json': '{"dependencies":{"@opentelemetry/api":"1"}}',
  'gateway/package.json': '{"dependencies":{"@opentelemetry/api":"1"},"devDependencies":{"dev":"1"}}',
  'services/ingest/src/prisma.ts': importing('@prisma/client'),
  'gateway/src/telemetry.ts': importing('@opentelemetry/api'),
  'packages/telemetry/dist/sdk/open-tracing.js': importing('@opentelemetry/api'),
  'packages/telemetry/dist/on-demand.js': "export const open = () => import('./sdk/open-tracing.js');\n",
  'packages/telemetry/dist/at-once.js': "export { mine } from './sdk/open-tracing.js';\n",
  'packages/datasets/dist/a.js': "import 'node:zlib';\nimport 'dep';\n",
  'gateway/dist/a.js': importing('dev'),
  'gateway/dist/circle-1.js': importing('./circle-2.js'),
  'gateway/dist/circle-2.js': `import './circle-1.js';\n${IT}`,
  'gateway/src/gone.ts': importing('./gone-away.js'),
};

/** The path of one file as another imports it. */
function fromTop(from: string, to: string): string {
  return `${'../'.repeat(from.split('/').length - 1)}${to.replace(/ts$/, 'js')}`;
}

interface Violation {
  from: string;
  to: string;
  rule: { name: string };
}

let repository: string;
/** Of one run over all the files: dependency-cruiser takes seconds to start. */
let violations: Violation[];
beforeAll(() => {
  repository = mkdtempSync(join(tmpdir(), 'loguro-boundaries-'));
  for (const [path, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(repository, path)), { recursive: true });
    writeFileSync(join(repository, path), text);
  }
  const config = join(root, 'dependency-cruiser.config.mjs');
  const args = ['--config', config, '-T', 'json', 'packages', 'services', 'gateway', 'infra'];
  const { stdout, stderr } = spawnSync(process.execPath, [cruiser, ...args], { cwd: repository, encoding: 'utf8' });
  if (stdout === '') throw new Error(stderr);
  violations = (JSON.parse(stdout) as { summary: { violations: Violation[] } }).summary.violations;
});
afterAll(() => rmSync(repository, { recursive: true, force: true }));

/** What was found in a file: what it imports and the rule against it. */
const foundIn = (...files: string[]) =>
  violations.filter(({ from }) => files.includes(from)).map(({ to, rule }) => [to, rule.name]);

test('imports that follow the table are accepted', () => {
  expect(foundIn(...Object.keys(ALLOWED))).toEqual([]);
});

test.each(FORBIDDEN)('%s may not import %s', (from, to, rule) => {
  expect(foundIn(from)).toEqual([[to, rule]]);
});

test('an import of a type counts as an import', () => {
  expect(foundIn('services/ingest/src/types.ts')).toEqual([
    ['services/control-plane/src/type.ts', 'services-ingest-imports'],
  ]);
});

test('ingest may not import Prisma', () => {
  expect(foundIn('services/ingest/src/prisma.ts')).toEqual([
    ['node_modules/@prisma/client/index.js', 'ingest-knows-no-prisma'],
  ]);
});

test('OpenTelemetry is imported by packages/telemetry alone, and there only on demand', () => {
  expect(foundIn('gateway/src/telemetry.ts')).toEqual([
    ['node_modules/@opentelemetry/api/index.js', 'opentelemetry-only-in-telemetry'],
  ]);
  expect(foundIn('packages/telemetry/dist/sdk/open-tracing.js', 'packages/telemetry/dist/on-demand.js')).toEqual([]);
  expect(foundIn('packages/telemetry/dist/at-once.js')).toEqual([
    ['packages/telemetry/dist/sdk/open-tracing.js', 'opentelemetry-loaded-on-demand'],
  ]);
});

test('the built SDK may import nothing but itself and Node', () => {
  expect(foundIn('packages/datasets/dist/a.js')).toEqual([
    ['node_modules/dep/index.js', 'sdk-has-no-runtime-dependency'],
  ]);
});

test('what runs may not need a development dependency', () => {
  expect(foundIn('gateway/dist/a.js')).toEqual([['node_modules/dev/index.js', 'no-development-dependency']]);
});

test('files that run may not import each other in a circle', () => {
  const rules = foundIn('gateway/dist/circle-1.js', 'gateway/dist/circle-2.js').map(([, rule]) => rule);
  expect([...new Set(rules)]).toEqual(['no-cycle']);
});

test('an import that leads nowhere is reported', () => {
  expect(foundIn('gateway/src/gone.ts')).toEqual([['./gone-away.js', 'resolvable']]);
});
