import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { SecretVolumes } from './testing/secrets.js';

let volumes: SecretVolumes;
beforeEach(() => {
  volumes = new SecretVolumes();
});
afterEach(() => volumes.delete());

test('every installation has secrets of its own, of the length that they need', () => {
  const other = new SecretVolumes();
  try {
    expect([volumes.make().status, other.make().status]).toEqual([0, 0]);
    const mine = volumes.all();
    expect(mine.size).toBeGreaterThan(12);
    for (const [file, value] of other.all()) expect(mine.get(file)).not.toBe(value);
    expect(Buffer.from(volumes.read('secrets-control', 'secret_key'), 'base64')).toHaveLength(32);
    for (const [file, value] of mine) if (file.endsWith('_password')) expect(value).toMatch(/^[0-9a-f]{48}$/);
  } finally {
    other.delete();
  }
});

test('a second start changes nothing, and says nothing of a secret', () => {
  volumes.make();
  const before = volumes.all();
  const { output } = volumes.make();
  expect(volumes.all()).toEqual(before);
  expect(output.match(/: kept$/gm)).toHaveLength(6);
  for (const value of before.values()) expect(output).not.toContain(value);
});

test('what is renewed is new in every volume, and the rest is kept', () => {
  volumes.make();
  const before = volumes.all();
  expect(volumes.make(['--renew', 'ingest_password,redis_password']).status).toBe(0);
  const after = volumes.all();
  const changed = [...after].filter(([file, value]) => before.get(file) !== value).map(([file]) => file);
  expect(changed.sort()).toEqual([
    'secrets-admin/ingest_password',
    'secrets-admin/redis_password',
    'secrets-ingest/ingest_password',
    'secrets-ingest/redis_password',
    'secrets-migrate/ingest_password',
    'secrets-redis/redis.conf',
  ]);
  expect(volumes.read('secrets-migrate', 'ingest_password')).toBe(volumes.read('secrets-ingest', 'ingest_password'));
});

test('the database’s own password and the secret key are not renewed by themselves', () => {
  volumes.make();
  const before = volumes.all();
  for (const args of [['--renew', 'postgres_password'], ['--renew', 'secret_key'], ['--renew'], ['--other']]) {
    const { status, output } = volumes.make(args);
    expect([status, output]).toEqual([1, expect.stringContaining('Name what to renew')]);
  }
  const { status, output } = volumes.make([], { LOGURO_NEW_SECRET_KEY: 'too short' });
  expect([status, output]).toEqual([1, expect.stringContaining('32 bytes')]);
  expect(volumes.all()).toEqual(before);
});

test('a new secret key is put where the old one was', () => {
  volumes.make();
  const key = Buffer.alloc(32, 7).toString('base64');
  expect(volumes.make([], { LOGURO_NEW_SECRET_KEY: key }).status).toBe(0);
  expect(['secrets-control', 'secrets-admin'].map((volume) => volumes.read(volume, 'secret_key'))).toEqual([key, key]);
});
