import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { waitFor } from '@loguro/servers';
import { sharedStack } from './shared-stack.js';

const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');

const LOGURO = fileURLToPath(new URL('../../local/bin/loguro.mjs', import.meta.url));

test("README.md's lines register a schema, send a record and find it, with curl and the command line", async () => {
  const { apiUrl, project, pat, projectKey, dataDir } = await sharedStack();
  const [, block = ''] = /```sh\n(# 1\.[\s\S]*?)```/.exec(readme) ?? [];
  const here = block
    .replaceAll(':8080', `:${new URL(apiUrl).port}`)
    .replaceAll('/datasets/local/', `/datasets/${project}/`);
  const [schema = '', record = '', question = '', ...others] = here.split(/^(?=# \d\.)/m);
  expect(others).toEqual([]);
  // What the surroundings call a proxy can't reach this machine's loopback.
  const env = { ...process.env, NO_PROXY: '*', PAT: pat, PROJECT_KEY: projectKey, LOGURO_DATA_DIR: dataDir };
  const run = async (line: string) => (await promisify(execFile)('bash', ['-euc', line], { env })).stdout;
  const paste = async (line: string) => JSON.parse(await run(line)) as Record<string, unknown>;
  expect(await paste(schema)).toMatchObject({ dataset: { isDefault: true }, schema: { version: 1 } });
  expect(await paste(record)).toMatchObject({ success: true, status: 'queued' });
  const rows = async () => ((await paste(question)).rows as unknown[]).at(0);
  expect(await waitFor(rows, { what: 'the record', timeoutMs: 20_000, intervalMs: 250 })).toEqual({
    country: 'RO',
    count: 1,
    revenue: 42.5,
  });
  const [command = ''] = /^npx pnpm loguro .*$/m.exec(readme) ?? [];
  expect(await run(command.replace('npx pnpm loguro', `'${process.execPath}' '${LOGURO}'`))).toMatch(/^RO +1 +42\.5$/m);
}, 90_000);
