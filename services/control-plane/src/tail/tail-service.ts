import { ApiError, LIMITS, type TailRequest, type TailResult } from '@loguro/types';
import pLimit, { type LimitFunction } from 'p-limit';
import type { Pool } from 'pg';
import { createCanceller } from '../query/canceller.js';
import { withConnection } from '../query/connection.js';
import { queryFailure } from '../query/query-failure.js';
import type { QueryTarget } from '../query/query-service.js';
import { resultText } from '../query/result-text.js';
import type { ArrivalFeed } from './arrival-feed.js';
import { type CompiledTail, compileTail } from './compile-tail.js';
import { readTail, type TailPage } from './read-tail.js';
import { decodeTailCursor, encodeTailCursor, type TailCursor } from './tail-cursor.js';

/** Options of {@link createTailService}. */
export interface TailServiceOptions {
  /** Made by createQueryPool. */
  pool: Pool;
  feed: ArrivalFeed;
  /** The statement timeout of the pool, in milliseconds. */
  statementTimeoutMs: number;
  /** Tails of one project that this process serves at the same time, waiting ones included. Default 50. */
  tailsPerProject?: number;
  /** Reads at the same time, of all projects. Default: a quarter of the pool's connections, at least 1. */
  reads?: number;
  /** Characters of the rows of one answer, about. Default 4 MiB. */
  maxBytes?: number;
  /** How long one read searches, in milliseconds. Default 2 s. */
  searchMs?: number;
  /** A tail that is up to date is read so often at the most: once in so many milliseconds. Default 250. */
  paceMs?: number;
  /** Hears of each tail that begins (1) and ends (-1). */
  onOpen?: (change: 1 | -1) => void;
}

/** Reads records as they arrive. */
export interface TailService {
  /**
   * Answers with the next records, or when none has come in the time that the request waits.
   *
   * @returns a {@link TailResult} as JSON text
   * @throws ApiError `invalid_query`, `cursor_expired`, `too_many_queries`, `query_timeout`, `dataset_not_found` or
   *   `unavailable`; the signal's reason once that has fired
   */
  tail(target: QueryTarget, request: TailRequest, signal: AbortSignal): Promise<string>;
  /** Answers all that wait, at once; from now on nobody waits. */
  stopWaiting(): void;
  /** Closes what the service opened itself; pool and feed stay the caller's. */
  close(): Promise<void>;
}

const MIB = 1024 * 1024;

/**
 * The service behind the tail operations. Who waits holds no connection. A project's tails are read one after the
 * other, and those of all projects a few at a time, so that however many there are, queries find connections.
 */
export function createTailService(options: TailServiceOptions): TailService {
  const { pool, feed, statementTimeoutMs, tailsPerProject = 50, paceMs = 250, onOpen = () => undefined } = options;
  const { reads = Math.max(1, Math.floor((pool.options.max ?? 10) / 4)) } = options;
  const { maxBytes = 4 * MIB, searchMs = 2000 } = options;
  const canceller = createCanceller(pool);
  const allReads = pLimit(reads);
  const projects = new Map<number, { tails: number; reads: LimitFunction }>();
  const stopping = new AbortController();

  function enter(projectId: number): { reads: LimitFunction; leave: () => void } {
    const project = projects.get(projectId) ?? { tails: 0, reads: pLimit(1) };
    if (project.tails >= tailsPerProject) {
      throw new ApiError(
        'too_many_queries',
        `The project has ${tailsPerProject} tails open already; end one of them, or wait.`,
      );
    }
    projects.set(projectId, project);
    project.tails += 1;
    onOpen(1);
    const leave = () => {
      project.tails -= 1;
      if (project.tails === 0) projects.delete(projectId);
      onOpen(-1);
    };
    return { reads: project.reads, leave };
  }

  function readNow(id: number, tail: CompiledTail, cursor: TailCursor | null, rows: number, signal: AbortSignal) {
    return withConnection(pool, async (client, connection) => {
      const watch = await canceller.watch(client, signal);
      const limits = { rows, bytes: maxBytes, searchMs, statementTimeoutMs };
      try {
        return await watch.guard(readTail(connection, id, tail, cursor, limits));
      } finally {
        await watch.release();
      }
    });
  }

  /** Waits for one of them; `next` may go on for ever. */
  async function pause(ms: number, signal: AbortSignal, next?: Promise<void>): Promise<void> {
    const signals = AbortSignal.any([signal, stopping.signal]);
    let done: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => {
      done = resolve;
    });
    const timer = setTimeout(done, ms);
    if (signals.aborted) done();
    signals.addEventListener('abort', done, { once: true });
    await (next === undefined ? ended : Promise.race([ended, next]));
    clearTimeout(timer);
    signals.removeEventListener('abort', done);
    signal.throwIfAborted();
  }

  async function follow(target: QueryTarget, request: TailRequest, signal: AbortSignal, queue: LimitFunction) {
    const tail = compileTail(target, request);
    const rows = Math.min(request.limit ?? LIMITS.queryLimitMax, LIMITS.queryLimitMax);
    const first = request.cursor === undefined ? null : decodeTailCursor(request.cursor, target.id);
    const waitMs = first === null ? 0 : Math.min(request.wait ?? 0, LIMITS.tailWaitSeconds) * 1000;
    const until = performance.now() + waitMs;
    const left = () => (stopping.signal.aborted ? 0 : until - performance.now());
    const watch = waitMs > 0 ? feed.watch(target.id) : null;
    try {
      // Records that come one by one are read some at a time.
      if (watch !== null && first?.batch === null) await pause(paceOf(first), signal);
      for (let cursor = first; ; ) {
        const next = watch?.next();
        const read = () => readNow(target.id, tail, cursor, rows, signal);
        const page = await queue(() => allReads(read));
        cursor = page.cursor;
        if (page.rows.length > 0 || cursor.batch !== null || left() <= 0) return toText(tail, page);
        await pause(left(), signal, next);
        if (left() <= 0) return toText(tail, page);
      }
    } finally {
      watch?.close();
    }
  }

  const paceOf = ({ shown }: TailCursor) => Math.min(paceMs, Math.max(0, shown.at + paceMs - Date.now()));

  return {
    async tail(target, request, signal) {
      const { reads: queue, leave } = enter(target.projectId);
      try {
        signal.throwIfAborted();
        return await follow(target, request, signal, queue);
      } catch (error) {
        throw signal.aborted ? signal.reason : queryFailure(error, statementTimeoutMs);
      } finally {
        leave();
      }
    },
    stopWaiting: () => stopping.abort(),
    close: () => canceller.close(),
  };
}

function toText({ columns }: CompiledTail, { rows, cursor }: TailPage): string {
  return resultText<TailResult>(columns, rows, {
    columns,
    rowCount: rows.length,
    cursor: encodeTailCursor(cursor),
    more: cursor.batch !== null,
  });
}
