import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { build } from 'esbuild';
import { type PackedSdk, packSdk, ROOT, SDK, TSC } from './testing/packed-sdk.js';
import { runProgram } from './testing/run-program.js';

const BIN = join(ROOT, 'infra/sdk/node_modules/.bin');

// Others may be at work on the machine, and each of these starts a program or two.
jest.setTimeout(120_000);

let sdk: PackedSdk;
beforeAll(async () => {
  sdk = await packSdk();
}, 240_000);
afterAll(() => sdk.remove());

/** Bytes that an import adds to a browser bundle, minified and gzipped. */
async function bundleSize(names: string): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents: `export { ${names} } from '@loguro/datasets';`, resolveDir: sdk.project },
    ...{ bundle: true, minify: true, format: 'esm', platform: 'browser', target: 'es2022', write: false },
  });
  return gzipSync(outputFiles?.[0]?.contents ?? '', { level: 9 }).length;
}

/** A size in the README, between its marks. */
function stated(mark: string): string | undefined {
  const readme = readFileSync(join(SDK, 'README.md'), 'utf8');
  return new RegExp(`<!-- size:${mark} -->([0-9.]+) kB<!-- /size -->`).exec(readme)?.[1];
}

test('what is published has no dependency, and holds nothing but the build, its sources, README and licence', () => {
  const installed = join(sdk.project, 'node_modules/@loguro/datasets');
  const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as Record<string, unknown>;
  expect(manifest.dependencies).toBeUndefined();
  expect(manifest.peerDependencies).toBeUndefined();
  expect(manifest.sideEffects).toBe(false);
  const lock = JSON.parse(readFileSync(join(sdk.project, 'package-lock.json'), 'utf8')) as { packages: object };
  expect(Object.keys(lock.packages)).toEqual(['', 'node_modules/@loguro/datasets']);
});

test('the files of the package are those that belong in it', async () => {
  const { stdout } = await runProgram('tar', ['-tzf', sdk.tarball], { cwd: sdk.project });
  const files = stdout.trim().split('\n');
  expect(files).toEqual(expect.arrayContaining(['package/README.md', 'package/LICENSE', 'package/dist/esm/index.js']));
  const strangers = files.filter((name) => !/^package\/(dist\/|src\/|README\.md$|LICENSE$|package\.json$)/.test(name));
  expect(strangers).toEqual([]);
  expect(files.filter((name) => /\.test|test-d|testing/.test(name))).toEqual([]);
});

test('the declarations refer to nothing that is not in the package', async () => {
  const { stdout } = await runProgram(
    'grep',
    ['-rhoE', `(from|import\\() ?['"][^.'"][^'"]*['"]`, '--include=*.d.ts', '.'],
    {
      cwd: join(sdk.project, 'node_modules/@loguro/datasets/dist'),
    },
  );
  expect(stdout).toBe('');
});

test('publint has nothing to say', async () => {
  const { stdout, stderr, code } = await runProgram(join(BIN, 'publint'), ['run', sdk.tarball, '--strict'], {
    cwd: sdk.project,
  });
  expect(`${stdout}${stderr}`).toContain('All good!');
  expect(code).toBe(0);
});

test('the types are right for every way of importing the package (attw)', async () => {
  const args = [sdk.tarball, '--format', 'json'];
  const { stdout, code } = await runProgram(join(BIN, 'attw'), args, { cwd: sdk.project });
  const { problems } = JSON.parse(stdout) as { problems: unknown };
  expect(problems).toEqual({});
  expect(code).toBe(0);
});

test('sending adds at most 6 kB to a browser bundle, and the README says how much', async () => {
  const size = await bundleSize('DatasetIngestClient, defineDataset');
  expect(size).toBeLessThanOrEqual(6000);
  expect((size / 1000).toFixed(1)).toBe(stated('ingest'));
});

test('querying adds what the README says', async () => {
  const size = await bundleSize('DatasetQueryClient, defineDataset, count, avg');
  expect((size / 1000).toFixed(1)).toBe(stated('query'));
});

test('a browser bundle has nothing of Node in it', async () => {
  const { outputFiles } = await build({
    stdin: { contents: "export * from '@loguro/datasets';", resolveDir: sdk.project },
    ...{ bundle: true, format: 'esm', platform: 'browser', target: 'es2022', write: false },
  });
  expect(outputFiles?.[0]?.text).not.toMatch(/node:/);
});

test('ES modules and CommonJS export the same names', async () => {
  const node = (code: string, type: string) =>
    runProgram(process.execPath, [`--input-type=${type}`, '-e', code], { cwd: sdk.project });
  const show = 'console.log(Object.keys(sdk).sort().join())';
  const esm = await node(`import * as sdk from '@loguro/datasets'; ${show}`, 'module');
  const cjs = await node(`const sdk = require('@loguro/datasets'); ${show}`, 'commonjs');
  expect(esm.stdout).toContain('DatasetIngestClient');
  expect(cjs.stdout).toBe(esm.stdout);
});

const consumer = `
import { count, DatasetIngestClient, DatasetQueryClient, defineDataset, type FetchLike, type RecordOf } from '@loguro/datasets';
const orders = defineDataset({ country: 'string', amount: 'number', plan: 'string?' });
export const order: RecordOf<typeof orders> = { country: 'RO', amount: 1 };
export const ingest = new DatasetIngestClient({ projectKey: undefined, dataset: 1, definition: orders, fetch });
export const viaFetch: FetchLike = fetch;
export async function rows(): Promise<{ country: string; count: number }[]> {
  const loguro = new DatasetQueryClient({ pat: 'pat_x', project: 'local', baseUrl: undefined });
  return loguro.from(1, orders).select('country', count()).groupBy('country').rows();
}
// @ts-expect-error a misspelt field, as the installed package sees it
new DatasetQueryClient({ pat: '', project: '' }).from(1, orders).select('contry');
`;
const strict = { strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false, noEmit: true };
test.each([
  ['an ES module in Node', { module: 'nodenext', target: 'es2022', lib: ['es2022'], types: ['node'] }, 'app.mts'],
  ['CommonJS in Node', { module: 'nodenext', target: 'es2022', lib: ['es2022'], types: ['node'] }, 'app.cts'],
  [
    'a bundler for browsers',
    { module: 'esnext', moduleResolution: 'bundler', target: 'es2022', lib: ['es2022', 'dom'], types: [] },
    'app.ts',
  ],
])('the installed types serve %s, with every strict option and without skipLibCheck', async (_, options, file) => {
  writeFileSync(join(sdk.project, file), consumer);
  const compilerOptions = { ...strict, ...options, typeRoots: [join(ROOT, 'node_modules/@types')] };
  const config = `tsconfig.${file}.json`;
  writeFileSync(join(sdk.project, config), JSON.stringify({ compilerOptions, files: [file] }));
  const { stdout, code } = await runProgram(process.execPath, [TSC, '-p', config], { cwd: sdk.project });
  expect(stdout).toBe('');
  expect(code).toBe(0);
});

test('a fault in the loss callback ends the process, as an unhandled rejection, and no batch is stuck', async () => {
  const code = `
    import { DatasetIngestClient } from '@loguro/datasets';
    process.once('unhandledRejection', (error) => console.log('seen:', error.message));
    const ingest = new DatasetIngestClient({
      projectKey: 'x', dataset: 1, retryForMs: 0, buffer: { retryForMs: 0 }, baseUrl: 'http://127.0.0.1:9',
      onLoss: () => { throw new Error('a bug in the callback'); },
    });
    ingest.write({ a: 1 });
    await ingest.close().catch((error) => console.log(error.code));
  `;
  const { stdout } = await runProgram(process.execPath, ['--input-type=module', '-e', code], { cwd: sdk.project });
  expect(stdout).toContain('seen: a bug in the callback');
  expect(stdout).toContain('records_lost');
});
