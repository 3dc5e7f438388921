import type { Span } from '@loguro/telemetry';
import { ApiError, type Fields, type Query, type QueryExplanation, type QueryResult } from '@loguro/types';
import type { Pool } from 'pg';
import { createCanceller } from './canceller.js';
import { type CompiledQuery, compileQuery } from './compile/compile-query.js';
import type { Reach } from './compile/parts.js';
import { type Ask, askOf, type Lease, withConnection } from './connection.js';
import { rowSize, type TextRow } from './decode.js';
import { explainQuery } from './explain.js';
import { createProjectSlots } from './project-slots.js';
import { queryFailure, replicaFailure } from './query-failure.js';
import { startQuerySpan } from './query-span.js';
import { openQueryStream, type QueryStream } from './query-stream.js';
import { resultText } from './result-text.js';
import type { StreamType } from './row-formats.js';
import { withSortMemory } from './sort-memory.js';
import { collectRows, type Statement } from './statement.js';
import { planStream } from './stream-statements.js';
import { createTableExtents } from './table-extents.js';

/** Options of {@link createQueryService}. */
export interface QueryServiceOptions {
  /** Made by createQueryPool: its sessions are read-only and have the statement timeout. */
  pool: Pool;
  /** The statement timeout of the pool, in milliseconds. */
  statementTimeoutMs: number;
  /** Queries of one project that this process runs at the same time, streams included. Default 4. */
  queriesPerProject?: number;
  /** Queries of one project that wait for their turn at the same time. Default 32. */
  queriesInLine?: number;
  /** How long a query waits for its turn, in milliseconds. Default 5 s. */
  waitMs?: number;
  /** Hears of each query that has to wait for its turn. What it returns is called when that is over. */
  onWaiting?: () => () => void;
  /** Streams that this process runs at the same time. Default: half of the pool's connections, at least 1. */
  streams?: number;
  /** A stream from start to end, however slow its reader, in milliseconds. Default 10 minutes. */
  streamTimeoutMs?: number;
  /** Characters of the rows of one JSON answer. Default 16 MiB. */
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

/**
 * Runs callers' queries, which must fit the published schema. The signal cancels the statement in the database.
 * Everything throws ApiError `invalid_query`, `too_many_queries`, `query_timeout`, `dataset_not_found` (deleted
 * meanwhile) or `unavailable`, and the signal's reason once that has fired. With a `parent` the statement gets a span
 * within it.
 */
export interface QueryService {
  /**
   * Answers a query with one page of rows.
   *
   * @returns a {@link QueryResult} as JSON text
   * @throws ApiError also `result_too_large`
   */
  run(target: QueryTarget, query: Query, signal: AbortSignal, parent?: Span | null): Promise<string>;
  /** Says what would be run instead of running it. */
  explain(target: QueryTarget, query: Query, signal: AbortSignal): Promise<QueryExplanation>;
  /** Starts to answer a query with all its rows, one after the other; see {@link QueryStream}. */
  stream(
    target: QueryTarget,
    query: Query,
    type: StreamType,
    signal: AbortSignal,
    parent?: Span | null,
  ): Promise<QueryStream>;
  /** Closes what the service opened itself; the pool stays the caller's. */
  close(): Promise<void>;
}

const MIB = 1024 * 1024;
const TEN_MINUTES_MS = 600_000;

/** The service behind the query operations. */
export function createQueryService(options: QueryServiceOptions): QueryService {
  const { pool, statementTimeoutMs, maxResultBytes = 16 * MIB, streamTimeoutMs = TEN_MINUTES_MS } = options;
  const { queriesPerProject = 4, queriesInLine = 32, waitMs = 5000, onWaiting } = options;
  const { streams = Math.max(1, Math.floor((pool.options.max ?? 10) / 2)) } = options;
  const now = options.now ?? (() => new Date());
  const canceller = createCanceller(pool);
  const slots = createProjectSlots({
    slots: queriesPerProject,
    line: queriesInLine,
    waitMs,
    ...(onWaiting && { onWaiting }),
  });
  const extents = createTableExtents(10_000);
  let streaming = 0;

  const toFailure = (thrown: unknown, signal: AbortSignal) =>
    signal.aborted ? signal.reason : queryFailure(thrown, statementTimeoutMs);
  /** Before anything was sent there is time to find out more. */
  const toFirstFailure = async (thrown: unknown, signal: AbortSignal) =>
    (await replicaFailure(thrown, pool, statementTimeoutMs)) ?? toFailure(thrown, signal);

  /** Waits for a slot and takes a connection for work with the compiled query. */
  async function withQuery<T>(
    target: QueryTarget,
    query: Query,
    { signal, reach }: { signal: AbortSignal; reach: Reach },
    work: (connection: Lease, compiled: CompiledQuery) => Promise<T>,
  ): Promise<T> {
    const options = { now: now(), reach };
    const known = extents.known(target);
    const compiled = compileQuery(target, query, { ...options, extent: known?.extent });
    const release = await slots.take(target.projectId, signal);
    try {
      return await withConnection(pool, async (client, connection) => {
        // Only pages of raw rows are compiled differently for knowing it.
        if (compiled.cursorOf === undefined || known !== undefined) return work(connection, compiled);
        const { extent } = await extents.read(askOf(client, statementTimeoutMs), target);
        return work(connection, compileQuery(target, query, { ...options, extent }));
      });
    } catch (error) {
      throw await toFirstFailure(error, signal);
    } finally {
      release();
    }
  }

  return {
    run: (target, query, signal, parent = null) =>
      withQuery(target, query, { signal, reach: 'first' }, async (connection, compiled) => {
        const started = performance.now();
        const limits = { maxBytes: maxResultBytes, statementTimeoutMs, signal, canceller };
        const ask = (statement: Statement, bytesBefore = 0) =>
          startQuerySpan(parent, target.id, statement.text).of(
            collectRows(connection.client, statement, { ...limits, bytesBefore }),
          );
        const rows = await withSortMemory(connection, { ...compiled, statementTimeoutMs }, () => ask(compiled));
        if (compiled.rest !== undefined && rows.length <= compiled.limit) {
          const bytesBefore = rows.reduce((sum, row) => sum + rowSize(row), 0);
          rows.push(...(await ask(compiled.rest(), bytesBefore)));
        }
        return toText(compiled, rows, performance.now() - started);
      }),

    explain: (target, query, signal) =>
      withQuery(target, query, { signal, reach: 'all' }, ({ client }, compiled) =>
        explainQuery(askOf(client, statementTimeoutMs), compiled),
      ),

    async stream(target, query, type, signal, parent = null) {
      const options = { now: now(), mode: 'stream' as const };
      const compiled = compileQuery(target, query, options);
      const plan = planStream(compiled, (part) => compileQuery(target, query, { ...options, part }));
      const readExtent = async (ask: Ask) => (extents.known(target) ?? (await extents.read(ask, target))).extent;
      const release = await slots.take(target.projectId, signal);
      if (streaming >= streams) {
        release();
        throw new ApiError('unavailable', `${streams} results are being streamed already; try again in a moment.`);
      }
      streaming += 1;
      const onClosed = () => {
        streaming -= 1;
        release();
      };
      const failure = (thrown: unknown) => toFailure(thrown, signal);
      const span = startQuerySpan(parent, target.id, compiled.text);
      const common = {
        pool,
        canceller,
        plan,
        readExtent,
        type,
        signal,
        span,
        statementTimeoutMs,
        streamTimeoutMs,
        onClosed,
      };
      try {
        return await openQueryStream(compiled.columns, { ...common, toFailure: failure });
      } catch (error) {
        throw await toFirstFailure(error, signal);
      }
    },

    close: () => canceller.close(),
  };
}

function toText(compiled: CompiledQuery, rows: TextRow[], milliseconds: number): string {
  const { columns, range, limit, cursorOf } = compiled;
  const shown = rows.length > limit ? rows.slice(0, limit) : rows;
  const last = shown.at(-1);
  const more = rows.length > limit && last !== undefined;
  return resultText<QueryResult>(columns, shown, {
    columns,
    rowCount: shown.length,
    range,
    elapsedMs: Math.round(milliseconds * 1000) / 1000,
    ...(more && { truncated: true as const }),
    ...(more && cursorOf !== undefined && { nextCursor: cursorOf(last) }),
  });
}
