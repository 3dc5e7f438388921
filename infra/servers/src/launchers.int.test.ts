import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { launchers, onceEnded } from './launchers.js';
import { end, identify, type ProcessIdentity } from './process-identity.js';
import { descendants } from './process-tree.js';
import { waitFor } from './wait-for.js';

let folder: string;
const spawned: number[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'loguro-launchers-'));
});
afterEach(async () => {
  const alive = spawned
    .splice(0)
    .map((pid) => identify(pid))
    .filter((identity) => identity !== undefined);
  await Promise.all(alive.map((identity) => end(identity, 'SIGKILL', 1000)));
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a node process below a program of the given name and a shell; returns both pids. */
async function nodeBelow(name: string): Promise<{ launcher: number; node: number }> {
  const script = join(folder, name);
  writeFileSync(
    script,
    `const c = require('child_process').spawn('sh', ['-c', '"$0" -e "setInterval(() => {}, 1000)" & echo $!; wait', process.execPath]);
    c.stdout.pipe(process.stdout); setInterval(() => {}, 1000);`,
  );
  chmodSync(script, 0o755);
  const launcher = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'ignore'] });
  let output = '';
  launcher.stdout.on('data', (chunk) => {
    output += chunk;
  });
  const node = await waitFor(() => /\d+/.exec(output)?.[0], { what: 'the pid of the inner process' });
  spawned.push(launcher.pid as number, Number(node));
  return { launcher: launcher.pid as number, node: Number(node) };
}

test('a package manager above us, and its shell between, is found; what is above it is not ours', async () => {
  const { launcher, node } = await nodeBelow('pnpm.cjs');
  expect(launchers(node)).toEqual([identify(launcher)]);
});

test('another program above us does not count', async () => {
  const { node } = await nodeBelow('harness.cjs');
  expect(launchers(node)).toEqual([]);
});

test('the end of one launcher is noticed, however it came', async () => {
  const { launcher } = await nodeBelow('npx-cli.js');
  const ended = onceEnded([identify(process.pid), identify(launcher)] as ProcessIdentity[], 20);
  process.kill(launcher, 'SIGKILL');
  await expect(ended).resolves.toBeUndefined();
});

test('what runs below a process is found, however deep', async () => {
  const { launcher, node } = await nodeBelow('npx-cli.js');
  const below = descendants(launcher);
  // The shell, and what it runs.
  expect(below).toHaveLength(2);
  expect(below).toContainEqual(identify(node));
  expect(descendants(node)).toEqual([]);
});
