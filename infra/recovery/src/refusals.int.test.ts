import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runCommand, sentenceOf } from '@loguro/control-plane/admin/commands';
import { findSystemPostgres, type SystemPostgres, withClient, withUrl } from '@loguro/servers';
import { type PrivatePostgres, startPostgres, waitFor } from '@loguro/testing';

const secretKey = randomBytes(32).toString('base64');
const folder = mkdtempSync(join(tmpdir(), 'loguro-refusals-'));
const whole = join(folder, 'whole.dump');

let binaries: SystemPostgres;
let server: PrivatePostgres;
/** A migrated database with a signing key and some megabytes of records. */
let source: string;
/** Stays empty: every refusal must leave it so. */
let target: string;

const env = (ownerUrl: string, more: Record<string, string> = {}) => ({
  LOGURO_MIGRATE_DATABASE_URL: ownerUrl,
  LOGURO_CONTROL_PASSWORD: 'c',
  LOGURO_QUERY_PASSWORD: 'q',
  LOGURO_INGEST_PASSWORD: 'i',
  LOGURO_SECRET_KEY: secretKey,
  LOGURO_POSTGRES_PROGRAMS: binaries.folder,
  ...more,
});
const CUT_DUMP = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE application_name = 'loguro-admin' AND query ~ '^LOCK TABLE' AND wait_event_type = 'Lock'`;

const sql = (url: string, text: string) => withClient(url, (client) => client.query(text));

beforeAll(async () => {
  binaries = findSystemPostgres({ path: process.env.PATH ?? '', say: console.log });
  server = await startPostgres({ binaries, empty: true, settings: { fsync: 'off' } });
  await sql(server.url, 'CREATE DATABASE source');
  await sql(server.url, 'CREATE DATABASE target');
  source = withUrl(server.url, { database: 'source' });
  target = withUrl(server.url, { database: 'target' });
  await runCommand(['migrate'], env(source));
  await runCommand(['signing-keys', 'rotate'], env(source));
  // Hashes can't be compressed: most of the file is records, and damage in its middle hits them.
  await sql(source, 'CREATE TABLE records.dataset_1 (a text)');
  await sql(
    source,
    'INSERT INTO records.dataset_1 SELECT sha512(n::text::bytea)::text FROM generate_series(1, 20000) n',
  );
  await runCommand(['backup', whole], env(source));
}, 120_000);

afterAll(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Tables, sequences, types, schemas: whatever someone could have left in a database. */
const contents = async (url: string) => {
  const { rows } = await sql(
    url,
    `SELECT nspname AS name FROM pg_namespace WHERE nspname !~ '^pg_|^information_schema$|^public$'
     UNION ALL SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace`,
  );
  return rows.map(({ name }) => name);
};

/** A copy of the backup, changed. */
function spoilt(name: string, change: (file: string) => void): string {
  const file = join(folder, name);
  writeFileSync(file, readFileSync(whole));
  change(file);
  return file;
}

/** Runs a command in this process: what the program around it does with the error is tested elsewhere. */
async function sentence(args: string[], environment: Record<string, string>): Promise<string> {
  const error = await runCommand(args, environment).then(
    ({ text }) => new Error(`it was not refused: ${text}`),
    (thrown: unknown) => thrown,
  );
  return sentenceOf(error);
}

/** The restore must refuse with a sentence, and change nothing. */
async function refusal(file: string, more: Record<string, string> = {}): Promise<string> {
  const words = await sentence(['restore', file], env(target, more));
  expect(await contents(target)).toEqual([]);
  return words;
}

describe('restore refuses, with a sentence and an untouched database,', () => {
  test('a file that is not there', async () => {
    expect(await refusal(join(folder, 'none'))).toMatch(/none can't be read\.$/);
  });

  test('a file that is something else', async () => {
    const text = join(folder, 'notes.txt');
    writeFileSync(text, 'These are notes, and no backup.\n'.repeat(100));
    expect(await refusal(text)).toMatch(/is not a backup, or only the beginning of one/);
    const plain = join(folder, 'plain.sql');
    writeFileSync(plain, `--\n-- PostgreSQL database dump\n--\n${'\n'.repeat(600)}`);
    expect(await refusal(plain)).toMatch(/is a plain SQL dump/);
  });

  test.each([0.999, 0.5, 0.01, 0])('a backup of which only the part %d is there', async (part) => {
    const file = spoilt('short', (copy) => truncateSync(copy, Math.floor(statSync(whole).size * part)));
    expect(await refusal(file)).toMatch(
      /could not be restored, and the database is still empty|is damaged or not whole|is not a backup/,
    );
  });

  test('a backup that was damaged in the middle', async () => {
    const file = spoilt('damaged', (copy) => {
      const handle = openSync(copy, 'r+');
      writeSync(handle, Buffer.alloc(64, 0x55), 0, 64, Math.floor(statSync(whole).size / 2));
      closeSync(handle);
    });
    expect(await refusal(file)).toMatch(/could not be restored, and the database is still empty: /);
  });

  test('a backup of a format that is newer than the program', async () => {
    // Byte 5 to 7 of an archive are its format's version; 99 is of a pg_dump to come.
    const file = spoilt('newer', (copy) => {
      const handle = openSync(copy, 'r+');
      writeSync(handle, Buffer.from([1, 99]), 0, 2, 5);
      closeSync(handle);
    });
    expect(await refusal(file)).toMatch(
      /was made by a newer pg_dump than this pg_restore can read \(unsupported version/,
    );
  });

  test('a backup of a database that is not ours', async () => {
    await sql(server.url, 'CREATE DATABASE other');
    const other = withUrl(server.url, { database: 'other' });
    await sql(other, 'CREATE TABLE something (id int)');
    const file = join(folder, 'other.dump');
    await runCommand(['backup', file], env(other));
    expect(await refusal(file)).toMatch(/is not a backup of a Loguro database\.$/);
  });

  test('a backup of a newer release', async () => {
    await sql(server.url, 'CREATE DATABASE newer TEMPLATE source');
    const newer = withUrl(server.url, { database: 'newer' });
    await sql(
      newer,
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at) VALUES ('x', 'x', '29990101000000_later', now())`,
    );
    const file = join(folder, 'later.dump');
    await runCommand(['backup', file], env(newer));
    expect(await refusal(file)).toBe(
      'The backup is of a newer release than this (it has 29990101000000_later). Restore it with that release.',
    );
  });

  test('a secret key that does not open the signing keys', async () => {
    const wrong = { LOGURO_SECRET_KEY: randomBytes(32).toString('base64') };
    expect(await refusal(whole, wrong)).toMatch(/^LOGURO_SECRET_KEY does not open the signing key .* of this backup/);
    expect(await refusal(whole, { LOGURO_SECRET_KEY: 'short' })).toMatch(/LOGURO_SECRET_KEY/);
  });

  test('a machine without pg_restore', async () => {
    const words = await refusal(whole, { LOGURO_POSTGRES_PROGRAMS: folder });
    expect(words).toMatch(/needs pg_restore of that version or newer, and none was found/);
    expect(words).toContain(`postgresql-client-${binaries.major}`);
  });
});

test('after every refusal the same empty database takes the backup; a second time it is refused, and stays as it is', async () => {
  const { text } = await runCommand(['restore', whole], env(target, { LOGURO_SECRET_KEY: '' }));
  expect(text).toContain('nobody looked whether it opens the signing keys');
  const held = async () => (await sql(target, 'SELECT count(*) FROM records.dataset_1')).rows;
  expect(await held()).toEqual([{ count: '20000' }]);
  expect(await sentence(['restore', whole], env(target))).toMatch(/^The database is not empty: it has \w+\.\w+\./);
  expect(await held()).toEqual([{ count: '20000' }]);
});

describe('backup', () => {
  test('does not overwrite a file', async () => {
    const size = statSync(whole).size;
    expect(await sentence(['backup', whole], env(source))).toContain('exists already');
    expect(statSync(whole).size).toBe(size);
  });

  test('is readable by its owner alone', () => {
    expect((statSync(whole).mode & 0o777).toString(8)).toBe('600');
  });

  test('that fails leaves no file, and says why', async () => {
    const file = join(folder, 'failed.dump');
    const away = env(withUrl(server.url, { database: 'nowhere' }));
    expect(await sentence(['backup', file], away)).toContain('There is no database of the name');
    const nowhere = join(folder, 'no/such/folder');
    expect(await sentence(['backup', nowhere], env(source))).toMatch(/could not open output file/);
    // The server ends the session while pg_dump waits for a table.
    const words = await withClient(source, async (holder) => {
      await holder.query('BEGIN; LOCK TABLE records.dataset_1');
      const cut = sentence(['backup', file], env(source));
      await waitFor(async () => (await sql(server.url, CUT_DUMP)).rowCount, { what: 'pg_dump to wait' });
      return cut;
    });
    expect(words).toMatch(/terminating connection/);
    expect([existsSync(file), existsSync(`${file}.partial`)]).toEqual([false, false]);
  });
});
