import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type PrivatePostgres, startPostgres } from '@loguro/testing';
import { MIGRATIONS_DIRECTORY, readMigrations } from '../database/migrations.js';
import { createEmptyDatabase, type EmptyDatabase, TEST_PASSWORDS, withClient } from '../testing/empty-database.js';
import { migrate } from './migrate.js';

describe('on an empty database', () => {
  let database: EmptyDatabase;
  beforeEach(async () => {
    database = await createEmptyDatabase();
  });
  afterEach(() => database.drop());
  const run = () => migrate({ ownerUrl: database.ownerUrl, passwords: TEST_PASSWORDS });
  const recorded = () =>
    withClient(
      database.ownerUrl,
      async (client) => (await client.query('SELECT * FROM _prisma_migrations ORDER BY started_at')).rows,
    );

  test('everything is applied once, and recorded as Prisma does', async () => {
    const names = (await readMigrations(MIGRATIONS_DIRECTORY)).map(({ name }) => name);
    expect(await run()).toEqual({ applied: names });
    expect(await run()).toEqual({ applied: [] });
    const rows = await recorded();
    expect(rows.map((row) => row.migration_name)).toEqual(names);
    for (const row of rows) {
      const script = await readFile(`${MIGRATIONS_DIRECTORY}/${row.migration_name}/migration.sql`);
      expect(row).toEqual({
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        checksum: createHash('sha256').update(script).digest('hex'),
        finished_at: expect.any(Date),
        migration_name: expect.any(String),
        logs: null,
        rolled_back_at: null,
        started_at: expect.any(Date),
        applied_steps_count: 1,
      });
    }
  });

  test('the table of records has the columns that Prisma creates', async () => {
    await run();
    const { rows } = await withClient(database.ownerUrl, (client) =>
      client.query(
        `SELECT column_name || ' ' || data_type || coalesce('(' || character_maximum_length || ')', '') ||
                CASE is_nullable WHEN 'NO' THEN ' not null' ELSE '' END || coalesce(' ' || column_default, '') AS text
         FROM information_schema.columns WHERE table_name = '_prisma_migrations' ORDER BY ordinal_position`,
      ),
    );
    expect(rows.map(({ text }) => text)).toEqual([
      'id character varying(36) not null',
      'checksum character varying(64) not null',
      'finished_at timestamp with time zone',
      'migration_name character varying(255) not null',
      'logs text',
      'rolled_back_at timestamp with time zone',
      'started_at timestamp with time zone not null now()',
      'applied_steps_count integer not null 0',
    ]);
  });

  test('runs at the same time, on this database and another, all succeed and apply everything once', async () => {
    const other = await createEmptyDatabase();
    try {
      const results = await Promise.all(
        [database, other, database, other, database].map(({ ownerUrl }) =>
          migrate({ ownerUrl, passwords: TEST_PASSWORDS }),
        ),
      );
      const total = (await readMigrations(MIGRATIONS_DIRECTORY)).length;
      expect(results.flatMap(({ applied }) => applied)).toHaveLength(2 * total);
      expect(await recorded()).toHaveLength(total);
    } finally {
      await other.drop();
    }
  });

  test('a migration that was changed after it was applied is refused, and nothing is applied', async () => {
    await run();
    await withClient(database.ownerUrl, (client) => client.query(`UPDATE _prisma_migrations SET checksum = 'x'`));
    await expect(run()).rejects.toThrow(/was changed after it had been applied/);
  });

  test('other line endings are no change', async () => {
    await run();
    const [row] = await recorded();
    const script = await readFile(`${MIGRATIONS_DIRECTORY}/${row.migration_name}/migration.sql`, 'utf8');
    const windows = createHash('sha256').update(script.replaceAll('\n', '\r\n')).digest('hex');
    await withClient(database.ownerUrl, (client) =>
      client.query('UPDATE _prisma_migrations SET checksum = $1 WHERE id = $2', [windows, row.id]),
    );
    expect(await run()).toEqual({ applied: [] });
  });

  test('a migration that fails changes nothing, is refused from then on, and can be tried again', async () => {
    // A table of the same name is in the way of the first migration.
    const obstacle = (sql: string) => withClient(database.ownerUrl, (client) => client.query(sql));
    await obstacle('CREATE TABLE audit_events ()');
    await expect(run()).rejects.toThrow(/failed and changed nothing: relation "audit_events" already exists/);
    const [row] = await recorded();
    expect(row).toMatchObject({ finished_at: null, applied_steps_count: 0, logs: expect.stringContaining('exists') });
    const left = await withClient(database.ownerUrl, (client) =>
      client.query(`SELECT to_regclass('accounts') AS found`),
    );
    expect(left.rows).toEqual([{ found: null }]);

    await obstacle('DROP TABLE audit_events');
    await expect(run()).rejects.toThrow(/did not finish .*migrate --retry-failed/);
    const { applied } = await migrate({ ownerUrl: database.ownerUrl, passwords: TEST_PASSWORDS, retryFailed: true });
    expect(applied).toContain(row.migration_name);
    expect(await run()).toEqual({ applied: [] });
  });

  test('a database that a newer release migrated is refused with a sentence, and left alone', async () => {
    await run();
    await withClient(database.ownerUrl, (client) =>
      client.query(
        `INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ('x', 'x', '29990101000000_later')`,
      ),
    );
    const before = await recorded();
    const sentence = /^A newer release migrated this database \(29990101000000_later\).*docs\/operations\/upgrades\.md/;
    await expect(run()).rejects.toThrow(sentence);
    const again = migrate({ ownerUrl: database.ownerUrl, passwords: TEST_PASSWORDS, retryFailed: true });
    await expect(again).rejects.toThrow(sentence);
    expect(await recorded()).toEqual(before);
  });

  test('only the roles, and the owner, may connect', async () => {
    await run();
    const { rows } = await withClient(database.ownerUrl, (client) =>
      client.query(
        `SELECT coalesce(nullif(grantee, 0)::regrole::text, 'PUBLIC') AS grantee,
                string_agg(privilege_type, ' ' ORDER BY privilege_type) AS may
         FROM pg_database, aclexplode(datacl)
         WHERE datname = current_database() AND grantee <> datdba GROUP BY 1 ORDER BY 1`,
      ),
    );
    expect(rows).toEqual([
      { grantee: 'loguro_control', may: 'CONNECT' },
      { grantee: 'loguro_ingest', may: 'CONNECT TEMPORARY' },
      { grantee: 'loguro_query', may: 'CONNECT' },
    ]);
  });
});

describe('the roles', () => {
  let server: PrivatePostgres;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());
  const sql = (text: string) => withClient(server.url, (client) => client.query(text));

  test.each(['SUPERUSER', 'CREATEROLE', 'CREATEDB', 'BYPASSRLS', 'REPLICATION'])(
    'are refused with a sentence when one of them has %s',
    async (power) => {
      await sql(`ALTER ROLE loguro_query ${power}`);
      await expect(migrate({ ownerUrl: server.url, passwords: TEST_PASSWORDS })).rejects.toThrow(
        new RegExp(`"loguro_query" exists with rol${power.toLowerCase().replace('user', '')}`),
      );
      await sql(`ALTER ROLE loguro_query NO${power}`);
    },
  );

  test('queries get a bound on temporary files, and one that an operator set stays', async () => {
    const bound = async () =>
      (await sql(`SELECT rolconfig FROM pg_roles WHERE rolname = 'loguro_query'`)).rows[0].rolconfig;
    expect(await bound()).toEqual(['temp_file_limit=4GB']);
    await sql(`ALTER ROLE loguro_query SET temp_file_limit = '1GB'`);
    await migrate({ ownerUrl: server.url, passwords: TEST_PASSWORDS });
    expect(await bound()).toEqual(['temp_file_limit=1GB']);
    await sql('ALTER ROLE loguro_query RESET temp_file_limit');
    await migrate({ ownerUrl: server.url, passwords: TEST_PASSWORDS });
    expect(await bound()).toEqual(['temp_file_limit=4GB']);
  });

  test('an owner who may not set that bound migrates without it', async () => {
    await sql('ALTER ROLE loguro_query RESET temp_file_limit');
    await sql(`CREATE ROLE keeper LOGIN CREATEROLE PASSWORD 'keeper'`);
    await sql('GRANT loguro_control, loguro_query, loguro_ingest TO keeper WITH ADMIN OPTION');
    await sql('CREATE DATABASE kept OWNER keeper');
    const url = new URL(server.url);
    Object.assign(url, { username: 'keeper', password: 'keeper', pathname: '/kept' });
    const { applied } = await migrate({ ownerUrl: url.href, passwords: TEST_PASSWORDS });
    expect(applied).not.toEqual([]);
    expect((await sql(`SELECT rolconfig FROM pg_roles WHERE rolname = 'loguro_query'`)).rows).toEqual([
      { rolconfig: null },
    ]);
  });

  test('get new passwords from a migration, and the old ones end', async () => {
    const passwords = { control: 'new control', query: `it's "quoted"`, ingest: 'a\\b$c' };
    await migrate({ ownerUrl: server.url, passwords });
    for (const key of ['control', 'query', 'ingest'] as const) {
      const logIn = (password: string) => {
        const url = new URL(server.url);
        url.username = `loguro_${key}`;
        url.password = encodeURIComponent(password);
        return withClient(url.href, (client) => client.query('SELECT current_user AS me'));
      };
      expect((await logIn(passwords[key])).rows).toEqual([{ me: `loguro_${key}` }]);
      await expect(logIn(`loguro_${key}`)).rejects.toMatchObject({ code: '28P01' });
    }
  });
});
