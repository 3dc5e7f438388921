import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startTestApi, type TestApi } from '../testing/test-api.js';

const page = readFileSync(new URL('../../../../docs/ingest.md', import.meta.url), 'utf8');
/** Every command of the page with the answer that stands below it. */
const examples = [...page.matchAll(/```sh\n(.*?)```\n\n```json\n(.*?)```/gs)].map(([, command = '', answer = '']) => ({
  title: command.split('\n', 1)[0]?.slice(0, 80) ?? '',
  command,
  answer: JSON.parse(answer) as unknown,
}));

let api: TestApi;
let folder: string;
beforeAll(async () => {
  api = await startTestApi({ fields: { country: 'string', amount: 'number' } });
  await api.bench.startWorker();
  folder = mkdtempSync(join(tmpdir(), 'loguro-docs-'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await api.close();
});

test('every command of the page has its answer below it', () => {
  expect(examples.length).toBe(page.match(/```sh/g)?.length);
  expect(examples.length).toBeGreaterThan(8);
});

test.each(examples)('$title answers what the page says', async ({ command, answer }) => {
  const env = {
    PATH: process.env.PATH ?? '',
    INGEST: `http://127.0.0.1:${api.port}`,
    PROJECT_KEY: api.key,
    DATASET: String(api.dataset.id),
  };
  const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', command], { env, cwd: folder });
  expect(JSON.parse(stdout)).toEqual(pattern(answer));
});

/** "…" stands for any text. */
function pattern(value: unknown): unknown {
  if (value === '…') return expect.any(String);
  if (Array.isArray(value)) return value.map(pattern);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, pattern(item)]));
}
