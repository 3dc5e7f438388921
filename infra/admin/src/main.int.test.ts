import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, createTestRedis, type TestDatabase, type TestRedis } from '@loguro/testing';

const PROGRAM = fileURLToPath(new URL('../bin/loguro-admin.mjs', import.meta.url));

let database: TestDatabase;
let redis: TestRedis;
beforeAll(async () => {
  [database, redis] = await Promise.all([createTestDatabase(), createTestRedis()]);
});
afterAll(async () => {
  await redis.drop();
  await database.drop();
});

/** Runs the program as an operator does. */
function run(args: string[], env: Record<string, string> = {}) {
  const known = { LOGURO_MIGRATE_DATABASE_URL: database.ownerUrl, LOGURO_QUEUE_URL: redis.url };
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    execFile(process.execPath, [PROGRAM, ...args], { env: { ...known, ...env } }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

test('one program reaches the commands of both services', async () => {
  const account = await run([
    'create-account',
    '--email',
    'a@example.com',
    '--name',
    'A',
    '--project',
    'Shop',
    '--json',
  ]);
  expect([account.code, JSON.parse(account.stdout).project.slug]).toEqual([0, 'shop']);
  const books = await run(['books', '--json']);
  expect([books.code, JSON.parse(books.stdout).accounted]).toEqual([0, 0]);
  expect((await run(['dead-letters', 'list'])).stdout).toContain('There are no dead letters.');
  expect((await run(['retention'])).stdout).toContain('No dataset has a table yet.');
}, 60_000);

test('the help names every command, and a wrong one is a usage error', async () => {
  const help = await run(['--help']);
  for (const command of [
    'migrate',
    'create-account',
    'signing-keys rotate',
    'backup FILE',
    'failed replay',
    'doctor',
  ]) {
    expect(help.stdout).toContain(command);
  }
  expect([help.code, (await run(['melt'])).code, (await run(['backup'])).code]).toEqual([0, 2, 2]);
}, 60_000);

test('doctor says in sentences what is wrong with an installation, and its exit code tells', async () => {
  // The run's PostgreSQL does not sync and a foreign secret key opens nothing.
  await run(['signing-keys', 'rotate'], { LOGURO_SECRET_KEY: Buffer.alloc(32, 1).toString('base64') });
  const { code, stdout } = await run(['doctor', '--json'], {
    LOGURO_SECRET_KEY: Buffer.alloc(32, 2).toString('base64'),
  });
  const { healthy, checks } = JSON.parse(stdout) as { healthy: boolean; checks: { name: string; state: string }[] };
  const states = Object.fromEntries(checks.map(({ name, state }) => [name, state]));
  expect([code, healthy]).toEqual([1, false]);
  expect(states).toMatchObject({
    database: 'ok',
    durability: 'failed',
    'database clock': 'ok',
    roles: 'ok',
    migrations: 'ok',
    'secret key': 'failed',
    queue: 'ok',
    'worker lag': 'ok',
    'failed jobs': 'ok',
    'redis clock': 'ok',
  });
  const away = await run(['doctor'], { LOGURO_MIGRATE_DATABASE_URL: 'postgres://x:hunter2@127.0.0.1:1/none' });
  expect([away.code, away.stdout]).toEqual([
    1,
    expect.stringContaining("FAILED  database: The database can't be reached"),
  ]);
  expect(away.stdout).not.toContain('hunter2');
}, 60_000);

test('in a checkout that was not built yet it is built first', async () => {
  const checkout = mkdtempSync(join(tmpdir(), 'loguro-checkout-'));
  try {
    mkdirSync(join(checkout, 'admin'));
    cpSync(dirname(PROGRAM), join(checkout, 'admin/bin'), { recursive: true });
    const built = 'export const main = async (args) => (console.log(args.join()), 0);';
    writeFileSync(
      join(checkout, 'build.mjs'),
      `import { mkdirSync, writeFileSync } from 'node:fs';
       export function build([name]) {
         mkdirSync(new URL('admin/dist', import.meta.url));
         writeFileSync(new URL('admin/dist/main.js', import.meta.url), ${JSON.stringify(built)});
         return name === '@loguro/admin';
       }`,
    );
    const program = join(checkout, 'admin/bin/loguro-admin.mjs');
    expect((await promisify(execFile)(process.execPath, [program, 'doctor', '--json'])).stdout).toBe('doctor,--json\n');
  } finally {
    rmSync(checkout, { recursive: true, force: true });
  }
});
