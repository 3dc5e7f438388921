import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type StackProject, sharedStack } from '@loguro/testing';
import { transform } from 'esbuild';
import { AccountClient } from '../../../packages/datasets/src/index.js';
import { type CodeBlock, codeBlocks } from './testing/markdown.js';
import { startOriginProxy } from './testing/origin-proxy.js';
import { type PackedSdk, packSdk, ROOT, SDK, TSC } from './testing/packed-sdk.js';
import { runProgram } from './testing/run-program.js';

let sdk: PackedSdk;
let stack: StackProject;
beforeAll(async () => {
  [sdk, stack] = await Promise.all([packSdk(), sharedStack({ project: 'local' })]);
}, 240_000);
afterAll(() => sdk?.remove());

test('the first program of the README runs in an empty project that has the package installed', async () => {
  const [program] = codeBlocks(join(SDK, 'README.md'));
  expect(program?.language).toBe('js');
  writeFileSync(join(sdk.project, 'orders.mjs'), program?.code ?? '');
  const { stdout, stderr, code } = await runProgram(process.execPath, ['orders.mjs'], {
    cwd: sdk.project,
    env: stack.env,
  });
  expect(stderr).toBe('');
  expect(code).toBe(0);
  const cells = stripVTControlCharacters(stdout)
    .split('\n')
    .map((line) => line.split('│').map((cell) => cell.trim().replaceAll("'", '')));
  expect(cells).toContainEqual(['', '0', 'RO', '2', '26.25', '']);
  expect(cells).toContainEqual(['', '1', 'DE', '1', '99.9', '']);
}, 60_000);

const page = codeBlocks(join(ROOT, 'docs/sdk.md'));

/** An example, and what the page says it prints. */
interface Example extends CodeBlock {
  prints: string | undefined;
}

const [setup, ...examples]: Example[] = page.flatMap((block, i) => {
  if (block.language !== 'ts') return [];
  const next = page[i + 1];
  return [{ ...block, prints: next?.language === 'text' ? next.code : undefined }];
});

/** What the examples send before the first one that asks: a reader pastes slowly, this program doesn't. */
const SENT = 5006;
const UNTIL_STORED = `
  const everything = loguro.from(dataset.id, orders).range('2000-01-01T00:00:00Z').select(count());
  const deadline = performance.now() + 30_000;
  while (((await everything.first())?.count ?? 0) < ${SENT}) {
    if (performance.now() > deadline) throw new Error('fewer records are stored than the page has sent');
  }
`;

/** The page as one program: each example is on its own, but for what the first one and "shared" ones declare. */
function programOf(): string {
  const marked = examples.map(({ code, line, mark }) => {
    const own = mark === 'shared' ? `{${UNTIL_STORED}}\n${code}` : `{\n${code}}\n`;
    return `console.log('<<< ${line}');\n${own}`;
  });
  const globals = 'declare const BROWSER_KEY: string, INGEST_URL: string;\n';
  return `${globals}${setup?.code}\n${marked.join('\n')}\nawait ingest.close();\nprocess.exit(0);\n`;
}

test('the examples of the SDK page compile, each with every strict option', async () => {
  writeFileSync(join(sdk.project, 'page.mts'), programOf());
  const compilerOptions = {
    ...{ strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, noEmit: true },
    ...{ module: 'nodenext', target: 'es2022', lib: ['es2022', 'dom', 'dom.asynciterable'], types: ['node'] },
    typeRoots: [join(ROOT, 'node_modules/@types')],
  };
  writeFileSync(join(sdk.project, 'tsconfig.page.json'), JSON.stringify({ compilerOptions, files: ['page.mts'] }));
  const { stdout, code } = await runProgram(process.execPath, [TSC, '-p', 'tsconfig.page.json'], { cwd: sdk.project });
  expect(stdout).toBe('');
  expect(code).toBe(0);
}, 60_000);

test('the examples of the SDK page run, and print what the page says', async () => {
  const account = new AccountClient({ pat: stack.pat, baseUrl: stack.apiUrl });
  const origin = 'https://shop.example';
  const key = await account.keys(stack.project).create({ name: 'page', kind: 'browser', allowedOrigins: [origin] });
  const browser = await startOriginProxy(stack.ingestUrl, origin);
  // What a page has and Node has not; leaving it is what the example is about.
  const prelude = `
    const { BROWSER_KEY, INGEST_URL } = process.env;
    globalThis.document = Object.assign(new EventTarget(), { visibilityState: 'hidden' });
  `;
  const { code: body } = await transform(programOf(), { loader: 'ts', format: 'esm', target: 'es2022' });
  const leave = `document.dispatchEvent(new Event('visibilitychange'));\nawait ingest.close();`;
  writeFileSync(join(sdk.project, 'page.mjs'), `${prelude}${body.replace('await ingest.close();', leave)}`);
  try {
    const { stdout, stderr, code } = await runProgram(process.execPath, ['page.mjs'], {
      cwd: sdk.project,
      env: { ...stack.env, BROWSER_KEY: key.secret, INGEST_URL: browser.url },
    });
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const printed = new Map(
      stdout
        .replaceAll('\r\n', '\n')
        .split('<<< ')
        .slice(1)
        .map((part) => [Number.parseInt(part, 10), part.slice(part.indexOf('\n') + 1)]),
    );
    for (const { line, prints } of examples) {
      expect({ line, prints: printed.get(line) }).toEqual({ line, prints: prints ?? '' });
    }
    expect(printed.size).toBeGreaterThan(15);
  } finally {
    await browser.close();
  }
}, 120_000);
