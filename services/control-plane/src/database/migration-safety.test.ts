import { describe, expect, test } from '@jest/globals';
import { faultsOf, RULES, type Rule } from '../testing/migration-safety.js';
import { MIGRATIONS_DIRECTORY, readMigrations } from './migrations.js';

/** What a migration may do against a rule, since when and why that hurts nobody. */
interface Exception {
  migration: string;
  rule: Rule;
  /** A day. */
  since: string;
  because: string;
}

const EXCEPTIONS: readonly Exception[] = [
  {
    migration: '20261123130000_key_uses',
    rule: 'refused-to-old-services',
    since: '2026-11-23',
    because:
      'Who may execute a trigger function is asked when a trigger is made, not when it fires; services make none.',
  },
  {
    migration: '20261123150000_dead_letter_reasons',
    rule: 'refused-to-old-services',
    since: '2026-11-23',
    because: 'No service ever read the column: receipts read the SQLSTATE, and operators are the owner.',
  },
];

const migrations = await readMigrations(MIGRATIONS_DIRECTORY);
// The first one runs on an empty database: there is nobody to hurt.
const later = migrations.slice(1);

test.each(later)('the migration $name is safe while the previous release runs', async ({ name, script }) => {
  const excepted = EXCEPTIONS.filter(({ migration }) => migration === name).map(({ rule }) => rule);
  const faults = await faultsOf(script);
  expect(faults.filter(({ rule }) => !excepted.includes(rule))).toEqual([]);
  // An exception that nothing needs would let the next mistake through.
  expect(excepted.filter((rule) => !faults.some((fault) => fault.rule === rule))).toEqual([]);
});

test('exceptions are made for migrations that exist, with a date and a reason', () => {
  for (const { migration, since, because } of EXCEPTIONS) {
    expect(later.map(({ name }) => name)).toContain(migration);
    expect([since, because]).toEqual([expect.stringMatching(/^\d{4}-\d\d-\d\d$/), expect.stringMatching(/.{20}/)]);
  }
});

const REFUSED: Readonly<Record<Rule, readonly string[]>> = {
  'rewrites-the-table': ['ALTER TABLE datasets ALTER COLUMN name TYPE varchar(10)'],
  'volatile-default': [
    'ALTER TABLE datasets ADD COLUMN a uuid DEFAULT gen_random_uuid()',
    'ALTER TABLE datasets ADD COLUMN a timestamptz NOT NULL DEFAULT clock_timestamp()',
    'ALTER TABLE datasets ADD COLUMN a bigserial',
  ],
  'needs-a-default': ['ALTER TABLE datasets ADD COLUMN a int NOT NULL'],
  'constraint-in-column': [
    'ALTER TABLE datasets ADD COLUMN a int UNIQUE',
    'ALTER TABLE datasets ADD COLUMN a int CHECK (a > 0)',
    'ALTER TABLE datasets ADD COLUMN a int REFERENCES accounts (id)',
    'ALTER TABLE datasets ADD COLUMN a int GENERATED ALWAYS AS (id + 1) STORED',
  ],
  'not-null-scans': ['ALTER TABLE datasets ALTER COLUMN description SET NOT NULL'],
  'constraint-not-valid': [
    'ALTER TABLE datasets ADD CONSTRAINT c CHECK (id > 0)',
    'ALTER TABLE datasets ADD FOREIGN KEY (id) REFERENCES accounts (id)',
    'ALTER TABLE datasets ADD UNIQUE (name)',
  ],
  'validate-alone': ['ALTER TABLE datasets ADD COLUMN a int; ALTER TABLE datasets VALIDATE CONSTRAINT c'],
  'index-concurrently': ['CREATE INDEX i ON datasets (name)', 'CREATE UNIQUE INDEX ON ingest.x (a)', 'DROP INDEX i'],
  'concurrently-alone': [
    'CREATE TABLE a (b int); CREATE INDEX CONCURRENTLY i ON datasets (name)',
    'DROP INDEX CONCURRENTLY i; DROP INDEX CONCURRENTLY j',
  ],
  'removes-what-old-services-use': [
    'ALTER TABLE datasets DROP COLUMN slug',
    'ALTER TABLE datasets DROP CONSTRAINT c',
    'ALTER TABLE datasets RENAME COLUMN slug TO s',
    'ALTER TABLE datasets RENAME TO d',
    'ALTER TABLE datasets SET SCHEMA records',
    'DROP TABLE datasets',
    'DROP VIEW ingest.datasets',
    'DROP FUNCTION ingest.announce_dataset() CASCADE',
    'DROP SCHEMA queue',
  ],
  'refused-to-old-services': ['REVOKE SELECT ON datasets FROM loguro_control'],
  'whole-table-write': [
    "UPDATE datasets SET name = 'x'",
    'DELETE FROM ingest.dead_letters',
    'TRUNCATE ingest.idempotency_keys',
    'INSERT INTO audit_events SELECT * FROM audit_events',
  ],
  setting: [
    "SET lock_timeout = '1h'",
    "SET lock_timeout = '6s'",
    'SET lock_timeout = 0',
    'SET lock_timeout = 60000',
    'RESET lock_timeout',
    'SET statement_timeout = 0',
  ],
  'enum-value': ["ALTER TYPE role ADD VALUE 'auditor'", "ALTER TYPE role RENAME VALUE 'viewer' TO 'reader'"],
  'statement-not-known-safe': [
    'LOCK TABLE datasets',
    'VACUUM FULL datasets',
    'CLUSTER datasets USING datasets_pkey',
    'REINDEX TABLE datasets',
    'REFRESH MATERIALIZED VIEW m',
    'DO $$ BEGIN PERFORM 1; END $$',
    'ALTER TABLE datasets SET TABLESPACE elsewhere',
    'ALTER TABLE datasets SET LOGGED',
    'ALTER TABLE datasets ALTER COLUMN name DROP NOT NULL',
  ],
};

describe('refused is what', () => {
  test.each(Object.entries(REFUSED).flatMap(([rule, statements]) => statements.map((sql) => [rule, sql] as const)))(
    '%s: %s',
    async (rule, sql) => {
      expect((await faultsOf(sql)).map((fault) => fault.rule)).toContain(rule);
    },
  );

  test('has a rule, and every rule refuses something', () => {
    expect(Object.keys(REFUSED).sort()).toEqual(Object.keys(RULES).sort());
  });
});

test.each([
  'ALTER TABLE datasets ADD COLUMN a int',
  "SET lock_timeout = '5s'; ALTER TABLE datasets ADD COLUMN a int",
  'SET lock_timeout = 250',
  "ALTER TABLE datasets ADD COLUMN a text NOT NULL DEFAULT ''",
  'ALTER TABLE datasets ADD COLUMN a timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP, ADD COLUMN b boolean DEFAULT false',
  "ALTER TABLE datasets ADD COLUMN a jsonb NOT NULL DEFAULT '{}'::jsonb",
  'ALTER TABLE datasets ADD CONSTRAINT c CHECK (id > 0) NOT VALID',
  'ALTER TABLE datasets VALIDATE CONSTRAINT c',
  '-- why\nCREATE UNIQUE INDEX CONCURRENTLY i ON datasets (name)',
  'DROP INDEX CONCURRENTLY i',
  'CREATE TABLE a (b bigserial PRIMARY KEY); CREATE INDEX ON a (b); ALTER TABLE a ADD CHECK (b > 0); INSERT INTO a VALUES (1)',
  "GRANT SELECT ON datasets TO loguro_query; COMMENT ON TABLE datasets IS 'x'",
  'CREATE OR REPLACE VIEW ingest.datasets AS SELECT 1',
])('accepted is: %s', async (sql) => {
  expect(await faultsOf(sql)).toEqual([]);
});

test('a fault names the line of its statement, comments and all', async () => {
  const script = '-- über alles\nCREATE TABLE a (b int);\n\n-- and then\nDROP TABLE c;\n';
  expect(await faultsOf(script)).toEqual([
    { line: 5, rule: 'removes-what-old-services-use', sentence: expect.any(String) },
  ]);
});

test('what PostgreSQL does not understand is an error', async () => {
  await expect(faultsOf('ALTER TABEL x')).rejects.toThrow(/syntax error/);
});
