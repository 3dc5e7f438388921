import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from '@jest/globals';
import { call, readLocalFile, withStack } from '@loguro/local';
import { freePort } from '@loguro/servers';

const parent = mkdtempSync(join(tmpdir(), 'loguro-demo-'));
chmodSync(parent, 0o755);
afterAll(() => rmSync(parent, { recursive: true, force: true }));
const dataFolder = join(parent, 'data');

function runDemo(port: number, ...args: string[]) {
  const demo = fileURLToPath(new URL('../bin/demo.mjs', import.meta.url));
  return spawnSync(process.execPath, [demo, '--no-build', ...args], {
    env: { ...process.env, LOGURO_DATA_DIR: dataFolder, LOGURO_PORT: String(port) },
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
  });
}

test('the demo starts a stack when none runs, and its three answers agree with the file', async () => {
  const { stdout, stderr, status } = runDemo(await freePort(), '--records', '5000');
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  expect(stdout).toContain('Loguro is not running, so this starts it');
  expect(stdout.match(/✓ the same as computed from the file/g)).toHaveLength(3);
  expect(new Set(Object.values(readLocalFile(dataFolder)?.pids ?? {}))).toEqual(new Set([null]));
}, 120_000);

test('a second run, on a stack that runs, replaces what the first one loaded', async () => {
  const port = await freePort();
  const env = { ...process.env, LOGURO_DATA_DIR: dataFolder, LOGURO_PORT: String(port) };
  await withStack(env, '/', async ({ apiUrl, pat }) => {
    const { stdout, stderr, status } = runDemo(port, '--records', '3000');
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    expect(stdout).not.toContain('not running');
    const { body } = await call({ baseUrl: apiUrl, method: 'GET', path: '/api/datasets/local', token: pat });
    const { datasets } = body as { datasets: { name: string }[] };
    expect(datasets.filter(({ name }) => name === 'Flights')).toHaveLength(1);
  });
}, 120_000);

test('a number of records that can’t be is refused', () => {
  const { stderr, status } = runDemo(1, '--records', '3000001');
  expect({ stderr: stderr.trim(), status }).toEqual({
    stderr: '--records must be a whole number from 1 to 3000000.',
    status: 1,
  });
});
