import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { identify } from '@loguro/servers';
import { checkDatabase, openDataFolder } from './data-folder.js';
import { lockDataFolder } from './lock.js';
import { createSecrets, readSecrets } from './secrets.js';

let parent: string;
let path: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'loguro-data-'));
  path = join(parent, 'data');
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

test('a new data folder is made, and may be opened again', () => {
  openDataFolder(path);
  expect(openDataFolder(path).postgres).toBe(join(path, 'postgres'));
  expect(statSync(join(path, 'logs')).mode & 0o777).toBe(0o700);
});

test('a folder that holds somebody else’s files is refused', () => {
  mkdirSync(path);
  writeFileSync(join(path, 'thesis.tex'), '');
  expect(() => openDataFolder(path)).toThrow(/other files \(thesis\.tex\).*LOGURO_DATA_DIR/);
});

test('a file in the place of the folder is refused with a way out', () => {
  writeFileSync(path, '');
  expect(() => openDataFolder(path)).toThrow(/there is a file of that name.*LOGURO_DATA_DIR/);
  expect(() => openDataFolder(join(path, 'below'))).toThrow(/there is a file of that name.*LOGURO_DATA_DIR/);
});

test('a place where no folder can be made is refused with a way out', () => {
  expect(() => openDataFolder('/dev/null/data')).toThrow(/can't be made.*LOGURO_DATA_DIR/);
  expect(() => openDataFolder('/proc/loguro/data')).toThrow(/can't be (made|written).*LOGURO_DATA_DIR/);
});

test('a database folder without a complete database is refused with a way out', () => {
  const folder = openDataFolder(path);
  expect(checkDatabase(folder, true)).toBe(false);
  mkdirSync(folder.postgres);
  expect(() => checkDatabase(folder, true)).toThrow(/no complete database.*delete.*LOGURO_DATA_DIR/);
});

test('a database without its passwords, and one of another PostgreSQL, are refused with a way out', () => {
  const folder = openDataFolder(path);
  mkdirSync(join(folder.postgres, 'global'), { recursive: true });
  writeFileSync(join(folder.postgres, 'global/pg_control'), '');
  writeFileSync(join(folder.postgres, 'PG_VERSION'), '17\n');
  expect(() => checkDatabase(folder, false)).toThrow(/not the file secrets\.json/);
  expect(() => checkDatabase(folder, true)).toThrow(/written by PostgreSQL 17.*Dump it/);
  writeFileSync(join(folder.postgres, 'PG_VERSION'), '18\n');
  expect(checkDatabase(folder, true)).toBe(true);
});

test('secrets are made once, for their owner alone, and a damaged file is said to be one', () => {
  openDataFolder(path);
  expect(readSecrets(path)).toBeUndefined();
  const secrets = createSecrets(path);
  expect(readSecrets(path)).toEqual(secrets);
  expect(Buffer.from(secrets.secretKey, 'base64')).toHaveLength(32);
  expect(statSync(join(path, 'secrets.json')).mode & 0o777).toBe(0o600);
  writeFileSync(join(path, 'secrets.json'), '{"superuserPassword":');
  expect(() => readSecrets(path)).toThrow(/is damaged/);
  writeFileSync(join(path, 'secrets.json'), '{"superuserPassword":"x"}');
  expect(() => readSecrets(path)).toThrow(/is damaged/);
});

test('a second stack on the same folder is refused by name of the first, until that gives it back', () => {
  openDataFolder(path);
  const unlock = lockDataFolder(path);
  expect(() => lockDataFolder(path)).toThrow(
    new RegExp(`running on .* already \\(process ${process.pid}\\).*LOGURO_PORT`),
  );
  unlock();
  lockDataFolder(path)();
});

test('the lock of a process that was killed is taken over', () => {
  openDataFolder(path);
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  writeFileSync(join(path, 'lock'), JSON.stringify({ pid, startedAt: '1' }));
  lockDataFolder(path)();
  // The same pid, another process: pids are reused.
  writeFileSync(join(path, 'lock'), JSON.stringify({ ...identify(process.pid), startedAt: 'another time' }));
  lockDataFolder(path)();
  writeFileSync(join(path, 'lock'), '');
  lockDataFolder(path)();
});
