import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { end, freePort, identify, isAlive, type ProcessIdentity, waitFor, whenExited } from '@loguro/servers';
import { startService } from './service-process.js';
import { type RunningProcess, SupervisedProcess } from './supervised-process.js';

let folder: string;
const spawnedProcesses: ProcessIdentity[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'loguro-supervised-'));
});
afterEach(async () => {
  await Promise.all(spawnedProcesses.splice(0).map((identity) => end(identity, 'SIGKILL', 1000)));
  rmSync(folder, { recursive: true, force: true });
});

/** A process that runs the given script. */
async function startScript(script: string, spawned: (identity: ProcessIdentity) => void): Promise<RunningProcess> {
  const child = spawn(process.execPath, ['-e', script], { stdio: 'ignore' });
  const exited = whenExited(child);
  const identity = identify(child.pid as number) as ProcessIdentity;
  spawnedProcesses.push(identity);
  spawned(identity);
  return { ...identity, exited, stop: (graceMs) => end(identity, 'SIGTERM', graceMs) };
}

interface Watched {
  process: SupervisedProcess;
  pids: (number | null)[];
  failures: { reason: string; delayMs: number }[];
}

function supervise(script: string, { stableMs = 60_000 } = {}): Watched {
  const pids: Watched['pids'] = [];
  const failures: Watched['failures'] = [];
  const supervised = new SupervisedProcess({
    start: (spawned) => startScript(script, spawned),
    onChange: (identity) => pids.push(identity?.pid ?? null),
    onFailure: (reason, delayMs) => failures.push({ reason, delayMs }),
    minDelayMs: 10,
    maxDelayMs: 40,
    stableMs,
  });
  return { process: supervised, pids, failures };
}

const FOREVER = 'setInterval(() => {}, 1000)';

test('a process that is killed is started again, and the change of pid is told', async () => {
  const watched = supervise(FOREVER);
  await watched.process.start();
  const [first] = watched.pids;
  process.kill(first as number, 'SIGKILL');
  await waitFor(() => watched.pids.length === 3, { what: 'the process to be started again' });
  expect(watched.pids[1]).toBeNull();
  expect(watched.pids[2]).not.toBe(first);
  expect(watched.failures).toEqual([{ reason: 'signal SIGKILL', delayMs: 10 }]);
  await watched.process.stop(2000);
  expect(watched.pids.at(-1)).toBeNull();
});

test('a process that keeps failing is started ever more patiently, up to the longest delay', async () => {
  const watched = supervise('process.exit(3)');
  await watched.process.start();
  await waitFor(() => watched.failures.length >= 4, { what: 'four failures' });
  await watched.process.stop(2000);
  expect(watched.failures.slice(0, 4)).toEqual([10, 20, 40, 40].map((delayMs) => ({ reason: 'exit code 3', delayMs })));
});

test('a process that served for a while is started again without the patience of earlier failures', async () => {
  const watched = supervise('process.exit(3)', { stableMs: 0 });
  await watched.process.start();
  await waitFor(() => watched.failures.length >= 3, { what: 'three failures' });
  await watched.process.stop(2000);
  expect(watched.failures.slice(0, 3).map(({ delayMs }) => delayMs)).toEqual([10, 10, 10]);
});

test('a stopped process is not started again, and one that ignores SIGTERM is killed', async () => {
  const watched = supervise(`process.on('SIGTERM', () => {}); ${FOREVER}`);
  await watched.process.start();
  const [identity] = spawnedProcesses as [ProcessIdentity];
  await watched.process.stop(100);
  expect(isAlive(identity)).toBe(false);
  expect(watched.failures).toEqual([]);
  expect(spawnedProcesses).toHaveLength(1);
});

const SERVER = (ready: string) =>
  `require('node:http').createServer((q, r) => { r.statusCode = ${ready}; r.end('problem') }).listen(process.env.PORT)`;

test('a service counts as started when it says that it is ready', async () => {
  const program = join(folder, 'service.cjs');
  const opsPort = await freePort();

  writeFileSync(
    program,
    `console.log('hello from ' + process.pid); ${SERVER('(globalThis.n = (globalThis.n ?? 0) + 1) > 3 ? 200 : 503')}`,
  );
  const options = {
    program,
    env: { PORT: String(opsPort) },
    logFile: join(folder, 'log'),
    opsPort,
    readyTimeoutMs: 10_000,
  };
  const running = await startService(options, (identity) => spawnedProcesses.push(identity));
  expect(isAlive(running)).toBe(true);
  expect(readFileSync(options.logFile, 'utf8')).toContain(`hello from ${running.pid}`);
  await running.stop(2000);
});

test('a service that is never ready is ended, with what it said about it', async () => {
  const program = join(folder, 'service.cjs');
  const opsPort = await freePort();

  writeFileSync(program, SERVER('503'));
  const options = {
    program,
    env: { PORT: String(opsPort) },
    logFile: join(folder, 'log'),
    opsPort,
    readyTimeoutMs: 600,
  };
  await expect(startService(options, (identity) => spawnedProcesses.push(identity))).rejects.toThrow(
    /not ready.*problem/,
  );
  expect(spawnedProcesses.map(isAlive)).toEqual([false]);
});

test('a service that ends while starting is reported at once, with its exit code', async () => {
  const program = join(folder, 'service.cjs');

  writeFileSync(program, 'process.exit(7)');
  const options = { program, env: {}, logFile: join(folder, 'log'), opsPort: await freePort(), readyTimeoutMs: 60_000 };
  await expect(startService(options, () => undefined)).rejects.toThrow('exit code 7');
});
