import { LIMITS } from '@loguro/types';
import pg from 'pg';
import { endClient } from '../ledger/database-lane.js';

/** Options of {@link cleanUp}. */
export interface CleanUpOptions {
  /** Ledger rows are kept for at least this long after their commit, in milliseconds. */
  ledgerMs: number;
  /** When the oldest job that is not done was queued, in milliseconds since the epoch; null when there is none. */
  oldestJob: number | null;
  /** Rows per statement: each is a short transaction that no one waits for. */
  batch?: number;
}

/** What a round of {@link cleanUp} removed. */
export interface CleanUpResult {
  chunks: number;
  idempotencyKeys: number;
}

/** Two processes' clocks, and the clock of the database, may differ by so much, in milliseconds. */
const CLOCK_SKEW_MS = 60 * 60 * 1000;

/** One worker at a time; any constant will do, as long as nothing else in the database locks it. */
const ADVISORY_LOCK = 7_105_113_001;

/** Removes the oldest rows of the ledger and adds them up in its totals, so that the books stay whole. */
const RETIRE_CHUNKS = `
  WITH retired AS (
    DELETE FROM ingest.committed_chunks WHERE chunk_id IN (
      SELECT chunk_id FROM ingest.committed_chunks WHERE committed_at < $1 LIMIT $2)
    RETURNING records, dead, discarded)
  INSERT INTO ingest.retired_chunks (chunks, records, dead, discarded)
  SELECT count(*), coalesce(sum(records), 0), coalesce(sum(dead), 0), coalesce(sum(discarded), 0) FROM retired
  HAVING count(*) > 0
  RETURNING chunks::int AS removed`;

const REMOVE_KEYS = `
  DELETE FROM ingest.idempotency_keys WHERE scope IN (
    SELECT scope FROM ingest.idempotency_keys WHERE created_at < $1 LIMIT $2)`;

const DEFAULT_BATCH = 2000;

/**
 * Removes what no longer protects anything: old ledger rows and expired idempotency keys.
 *
 * A ledger row must outlive every chance of its chunk being stored again. Such a chance is a job in the
 * queue, failed ones included. A chunk is committed only after its first job was queued, and queued again only
 * by a repeat of its `Idempotency-Key`, which is known for a day. So rows committed after the oldest unfinished job
 * was queued, or in the day before, stay, however old they are, and replaying a failed job is safe at any time. Beyond that rows are kept for `ledgerMs`, because receipts are read from them and because a
 * queue may be restored from a copy.
 */
export async function cleanUp(client: pg.ClientBase, options: CleanUpOptions): Promise<CleanUpResult> {
  const { batch = DEFAULT_BATCH } = options;
  const { rows } = await client.query<{ locked: boolean }>('SELECT pg_try_advisory_lock($1) AS locked', [
    ADVISORY_LOCK,
  ]);
  if (rows[0]?.locked !== true) return { chunks: 0, idempotencyKeys: 0 };
  try {
    const oldestNeeded = (options.oldestJob ?? Number.POSITIVE_INFINITY) - LIMITS.idempotencyTtlMs - CLOCK_SKEW_MS;
    const before = new Date(Math.min(Date.now() - options.ledgerMs, oldestNeeded));
    const chunks = await inBatches(batch, async () => {
      const retired = await client.query<{ removed: number }>(RETIRE_CHUNKS, [before, batch]);
      return retired.rows[0]?.removed ?? 0;
    });
    const expired = new Date(Date.now() - LIMITS.idempotencyTtlMs - CLOCK_SKEW_MS);
    const idempotencyKeys = await inBatches(batch, async () => {
      const removed = await client.query(REMOVE_KEYS, [expired, batch]);
      return removed.rowCount ?? 0;
    });
    return { chunks, idempotencyKeys };
  } finally {
    await client.query('SELECT pg_advisory_unlock($1)', [ADVISORY_LOCK]);
  }
}

/** Repeats a bounded removal until it finds less than it may remove. */
async function inBatches(batch: number, remove: () => Promise<number>): Promise<number> {
  let total = 0;
  for (;;) {
    const removed = await remove();
    total += removed;
    if (removed < batch) return total;
  }
}

/** Options of {@link startMaintenance}. */
export interface MaintenanceOptions {
  /** As the role loguro_ingest. */
  url: string;
  ledgerMs: number;
  everyMs: number;
  oldestJob: () => Promise<number | null>;
  onResult: (result: CleanUpResult) => void;
  onError: (error: Error) => void;
}

/** Of one statement, in milliseconds. A batch takes a fraction of a second; a server that hangs would take for ever. */
const STATEMENT_MS = 60_000;
const CONNECT_MS = 5000;

/**
 * Cleans up now and then, on a connection of its own for each round; returns how to stop it, which waits for no statement:
 * each is undone, or done, as a whole.
 */
export function startMaintenance(options: MaintenanceOptions): () => Promise<void> {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let client: pg.Client | undefined;
  const round = async () => {
    const own = new pg.Client({
      connectionString: options.url,
      application_name: 'loguro-ingest-maintenance',
      connectionTimeoutMillis: CONNECT_MS,
      statement_timeout: STATEMENT_MS,
      query_timeout: STATEMENT_MS,
    });
    own.on('error', () => undefined);
    client = own;
    try {
      // Without knowing what is in the queue nothing is safe to remove.
      const oldestJob = await options.oldestJob();
      if (stopped) return;
      await own.connect();
      options.onResult(await cleanUp(own, { ledgerMs: options.ledgerMs, oldestJob }));
    } catch (error) {
      if (!stopped) options.onError(error as Error);
    } finally {
      await endClient(own);
    }
  };
  const plan = () => {
    if (stopped) return;
    timer = setTimeout(() => {
      running = round().finally(plan);
    }, options.everyMs);
  };
  plan();
  return async () => {
    stopped = true;
    clearTimeout(timer);
    client?.connection.stream.destroy();
    await running;
  };
}
