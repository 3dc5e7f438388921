import { COLUMN_TYPES, type Fields, fieldList } from '@loguro/types';
import pg from 'pg';

/** A dataset with its table, as the control plane would have made it. */
export interface TestDataset {
  id: number;
  project: number;
  /** Rows in its table. */
  count(): Promise<number>;
  /** Rows by value of a column. */
  values(column: string): Promise<string[]>;
  /** Deletes it as the control plane does. */
  remove(): Promise<void>;
}

/** The fields of test datasets unless a test says otherwise. */
const TEST_FIELDS: Fields = { country: 'string', amount: 'number' };

/** Makes a dataset in a project of its own. */
export async function createDataset(owner: pg.Pool, fields: Fields = TEST_FIELDS): Promise<TestDataset> {
  const project = await owner.query<{ id: number }>(
    "INSERT INTO projects (name, slug) VALUES ('p', gen_random_uuid()::text) RETURNING id",
  );
  const projectId = (project.rows[0] as { id: number }).id;
  const list = JSON.stringify(Object.entries(fields));
  const dataset = await owner.query<{ id: number }>(
    "INSERT INTO datasets (project_id, name, slug, fields, schema_registered_at) VALUES ($1, 'd', 'd', $2, now()) RETURNING id",
    [projectId, list],
  );
  const id = (dataset.rows[0] as { id: number }).id;
  const columns = fieldList(fields).map(
    ({ name, type, optional }) => `${pg.escapeIdentifier(name)} ${COLUMN_TYPES[type]}${optional ? '' : ' NOT NULL'}`,
  );
  await owner.query(`
    CREATE TABLE records.dataset_${id} ("timestamp" timestamptz NOT NULL, "context" json NOT NULL,
      "__traceId" text NOT NULL, "__id" bigint GENERATED ALWAYS AS IDENTITY, ${columns.join(', ')});
    CREATE INDEX ON records.dataset_${id} USING brin ("timestamp");
    GRANT INSERT ON records.dataset_${id} TO loguro_ingest`);
  return {
    id,
    project: projectId,
    async count() {
      const { rows } = await owner.query<{ count: number }>(`SELECT count(*)::int AS count FROM records.dataset_${id}`);
      return (rows[0] as { count: number }).count;
    },
    async values(column) {
      const { rows } = await owner.query<{ value: string }>(
        `SELECT ${pg.escapeIdentifier(column)}::text AS value FROM records.dataset_${id} ORDER BY "__id"`,
      );
      return rows.map(({ value }) => value);
    },
    async remove() {
      await owner.query(`BEGIN; DROP TABLE records.dataset_${id}; DELETE FROM datasets WHERE id = ${id}; COMMIT`);
    },
  };
}

/** A COPY line for {@link TEST_FIELDS}. */
export function testLine(traceId: string, { country = 'RO', amount = '42.5' } = {}): string {
  return `2026-06-10 10:58:00+00\t{"source":"test"}\t${traceId}\t${country}\t${amount}\n`;
}
