import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { identify, isAlive, type ProcessIdentity } from '@loguro/servers';
import { ProcessRecord } from './process-record.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'loguro-record-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function sleeper(): ProcessIdentity {
  const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)'], { stdio: 'ignore', detached: true });
  return identify(child.pid as number) as ProcessIdentity;
}

test('processes that a killed start has left behind are ended by the next one', async () => {
  const [gateway, postgres] = [sleeper(), sleeper()];
  const before = new ProcessRecord(folder);
  before.set('gateway', gateway);
  before.set('postgres', postgres);
  expect(await new ProcessRecord(folder).endLeftovers()).toEqual(['gateway', 'postgres']);
  expect([gateway, postgres].map(isAlive)).toEqual([false, false]);
});

test('a process that only has the pid of one of ours is left alone', async () => {
  const stranger = sleeper();
  new ProcessRecord(folder).set('gateway', { pid: stranger.pid, startedAt: 'before the reboot' });
  expect(await new ProcessRecord(folder).endLeftovers()).toEqual([]);
  expect(isAlive(stranger)).toBe(true);
  process.kill(stranger.pid, 'SIGKILL');
});

test('what ended in order is forgotten, and a damaged record is no obstacle', async () => {
  const record = new ProcessRecord(folder);
  record.set('gateway', identify(process.pid) as ProcessIdentity);
  record.set('gateway', null);
  expect(readFileSync(join(folder, 'processes.json'), 'utf8').trim()).toBe('{}');
  writeFileSync(join(folder, 'processes.json'), '{"gate');
  expect(await new ProcessRecord(folder).endLeftovers()).toEqual([]);
});
