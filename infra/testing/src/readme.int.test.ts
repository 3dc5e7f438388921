import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { waitFor } from '@loguro/servers';
import { sharedStack } from './shared-stack.js';

const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');

test("README.md's three lines register a schema, send a record and find it", async () => {
  const { apiUrl, project, pat, projectKey } = await sharedStack();
  const [, block = ''] = /```sh\n(# 1\.[\s\S]*?)```/.exec(readme) ?? [];
  const here = block
    .replaceAll(':8080', `:${new URL(apiUrl).port}`)
    .replaceAll('/datasets/local/', `/datasets/${project}/`);
  const [schema = '', record = '', question = '', ...others] = here.split(/^(?=# \d\.)/m);
  expect(others).toEqual([]);
  // What the surroundings call a proxy can't reach this machine's loopback.
  const env = { ...process.env, NO_PROXY: '*', PAT: pat, PROJECT_KEY: projectKey };
  const paste = async (line: string) => {
    const { stdout } = await promisify(execFile)('bash', ['-euc', line], { env });
    return JSON.parse(stdout) as Record<string, unknown>;
  };
  expect(await paste(schema)).toMatchObject({ dataset: { isDefault: true }, schema: { version: 1 } });
  expect(await paste(record)).toMatchObject({ success: true, status: 'queued' });
  const rows = async () => ((await paste(question)).rows as unknown[]).at(0);
  expect(await waitFor(rows, { what: 'the record', timeoutMs: 20_000, intervalMs: 250 })).toEqual({
    country: 'RO',
    count: 1,
    revenue: 42.5,
  });
}, 90_000);
