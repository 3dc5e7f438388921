import { Client } from 'pg';

/** Looks at how many rows are stored. */
export interface StoredRows {
  /** Rows stored since the table was emptied, by the ledger. */
  stored(): Promise<number>;
  /** Empties the table and the ledger; nothing may be in the queue. */
  truncate(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Looks on one connection, and at a short ledger: to connect, or to add up what all earlier runs have left in the
 * ledger, takes a good part of a core when it is done every few milliseconds, and what is measured would lack it.
 *
 * @param table qualified
 */
export async function watchStoredRows(ownerUrl: string, table: string): Promise<StoredRows> {
  const client = new Client({ connectionString: ownerUrl });
  await client.connect();
  return {
    async stored() {
      const sum = 'SELECT coalesce(sum(records), 0)::float8 AS stored FROM ingest.committed_chunks';
      const { rows } = await client.query<{ stored: number }>({ name: 'stored', text: sum });
      return rows[0]?.stored ?? 0;
    },
    async truncate() {
      await client.query(`TRUNCATE ${table}, ingest.committed_chunks`);
      await client.query('CHECKPOINT');
    },
    close: () => client.end(),
  };
}
