import { randomUUID } from 'node:crypto';
import type { TailRequest, TailResult } from '@loguro/types';
import { Client } from 'pg';
import type { QueryTarget } from '../../query/query-service.js';
import { parsedTails } from '../../query/testing/parsed.js';
import { createQueryFixture, insertRecords, type TestRecord } from '../../query/testing/record-fixture.js';
import { createArrivalFeed } from '../arrival-feed.js';
import { createTailService, type TailServiceOptions } from '../tail-service.js';

const INSERT_CHUNK = `
  INSERT INTO ingest.committed_chunks (chunk_id, dataset_id, records) SELECT gen_random_uuid(), $1, $2`;

/** One who stores records as a worker does: ledger and records in one transaction. */
export interface TestWriter {
  begin(target: QueryTarget, records: readonly TestRecord[]): Promise<void>;
  commit(): Promise<void>;
  /** Both at once. */
  store(target: QueryTarget, records: readonly TestRecord[]): Promise<void>;
}

/** A database with record tables, and the tail service on it as the role loguro_query. */
export async function createTailFixture(options: Partial<TailServiceOptions> = {}) {
  const fixture = await createQueryFixture();
  const feed = createArrivalFeed({
    pool: fixture.pool,
    statementTimeoutMs: 10_000,
    intervalMs: 20,
    onFailure: () => undefined,
  });
  const service = parsedTails(
    createTailService({ pool: fixture.pool, feed, statementTimeoutMs: 10_000, paceMs: 0, ...options }),
  );
  const writers: Client[] = [];
  const never = new AbortController().signal;

  async function ask(target: QueryTarget, request: TailRequest = {}): Promise<TailResult> {
    return service.tail(target, request, never);
  }

  return {
    ...fixture,
    service,
    ask,
    /** Where a tail starts. */
    start: async (target: QueryTarget) => (await ask(target)).cursor,
    /** Reads page by page until there is no more. */
    async drain(target: QueryTarget, cursor: string, request: Omit<TailRequest, 'cursor'> = {}) {
      const rows: Record<string, unknown>[] = [];
      for (let pages = 1, from = cursor; ; pages++) {
        const answer = await ask(target, { ...request, cursor: from });
        rows.push(...answer.rows);
        from = answer.cursor;
        if (!answer.more) return { rows, cursor: from, pages };
      }
    },
    async writer(): Promise<TestWriter> {
      const client = new Client({ connectionString: fixture.database.ownerUrl });
      await client.connect();
      writers.push(client);
      const begin = async (target: QueryTarget, records: readonly TestRecord[]) => {
        await client.query('BEGIN');
        await client.query(INSERT_CHUNK, [target.id, records.length]);
        await insertRecords(client, target, records);
      };
      const commit = async () => void (await client.query('COMMIT'));
      return {
        begin,
        commit,
        async store(target, records) {
          await begin(target, records);
          await commit();
        },
      };
    },
    async close() {
      feed.close();
      await service.close();
      for (const writer of writers) await writer.end();
      await fixture.close();
    },
  };
}

/** Records that are told apart by `n`. */
export function numbered(count: number, from: number, timestamp = '2026-06-01T00:00:00Z'): TestRecord[] {
  return Array.from({ length: count }, (_, i) => ({ timestamp, n: from + i, name: `name ${randomUUID()}` }));
}
