import type { Fields, Query, QueryResult } from '@loguro/types';
import type { Pool } from 'pg';
import { createCanceller } from './canceller.js';
import { compileQuery } from './compile/compile-query.js';
import { rowDecoder } from './decode.js';
import { createProjectSlots } from './project-slots.js';
import { queryFailure } from './query-failure.js';
import { collectRows, withConnection } from './statement.js';

/** Options of {@link createQueryService}. */
export interface QueryServiceOptions {
  /** Made by createQueryPool: its sessions are read-only and have the statement timeout. */
  pool: Pool;
  /** The statement timeout of the pool, in milliseconds. */
  statementTimeoutMs: number;
  /** Queries of one project that this process runs at the same time. Default 4. */
  queriesPerProject?: number;
  /** Bytes of the rows of one JSON answer. Default 16 MiB. */
  maxResultBytes?: number;
  /** Default: the system's clock. */
  now?: () => Date;
}

/** The dataset a query runs on. */
export interface QueryTarget {
  id: number;
  projectId: number;
  /** Its registered schema. */
  fields: Fields;
}

/** Runs callers' queries. */
export interface QueryService {
  /**
   * Answers a query that fits the published schema.
   *
   * @param signal cancels the statement in the database, and throws its reason
   * @throws ApiError `invalid_query`, `too_many_queries`, `query_timeout`, `result_too_large`,
   *   `dataset_not_found` (deleted meanwhile), `unavailable`
   */
  run(target: QueryTarget, query: Query, signal: AbortSignal): Promise<QueryResult>;
  /** Closes what the service opened itself; the pool stays the caller's. */
  close(): Promise<void>;
}

const MIB = 1024 * 1024;

/** The service behind the query operations. */
export function createQueryService(options: QueryServiceOptions): QueryService {
  const { pool, statementTimeoutMs, queriesPerProject = 4, maxResultBytes = 16 * MIB } = options;
  const now = options.now ?? (() => new Date());
  const canceller = createCanceller(pool);
  const slots = createProjectSlots(queriesPerProject);

  return {
    async run(target, query, signal) {
      const compiled = compileQuery(target, query, { now: now() });
      const release = slots.take(target.projectId);
      const started = performance.now();
      try {
        const rows = await withConnection(pool, (client) =>
          collectRows(client, compiled, { maxBytes: maxResultBytes, signal, canceller }),
        );
        const elapsedMs = Math.round((performance.now() - started) * 1000) / 1000;
        const { columns, range } = compiled;
        return { rows: rows.map(rowDecoder(columns)), columns, rowCount: rows.length, range, elapsedMs };
      } catch (error) {
        signal.throwIfAborted();
        throw queryFailure(error, statementTimeoutMs);
      } finally {
        release();
      }
    },
    close: () => canceller.close(),
  };
}
