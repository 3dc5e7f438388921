import type { Pool, PoolClient } from 'pg';
import { sqlState } from '../database/sql-state.js';
import { createCanceller } from '../query/canceller.js';
import { createIndexGrowth } from './index-growth.js';
import { deleteExpired } from './retention.js';

/** What the maintenance says of itself. */
export interface MaintenanceLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** Options of {@link createRecordMaintenance}. */
export interface RecordMaintenanceOptions {
  /** Of the role that owns the record tables. */
  pool: Pool;
  log: MaintenanceLog;
  /** Between two looks at the tables, in milliseconds. Default 10 s. */
  intervalMs?: number;
  /** Between two rounds of deleting what is older than its dataset keeps, in milliseconds. Default 1 h. */
  retentionIntervalMs?: number;
  /** Hears how each round ended; `skipped` when another process was at it. */
  onRound?: (outcome: 'done' | 'skipped' | 'failed') => void;
  /** Default: the system's clock. */
  now?: () => Date;
}

/** The background work that record tables need. */
export interface RecordMaintenance {
  start(): void;
  /** One round, retention included; does nothing while another process is at it. */
  runOnce(): Promise<void>;
  /** Ends the round under way, and with it the statement that it waits for. */
  stop(): Promise<void>;
}

interface RecordTable {
  id: number;
  retentionDays: number | null;
  pages: number;
}

/** "loguro" in ASCII, and a number: one of the processes that share the database does the work. */
const LOCK = [0x6c6f6775, 1] as const;
const UNDEFINED_TABLE = '42P01';
const DAY_MS = 86_400_000;
const TABLES = `
  SELECT d.id, d.retention_days AS "retentionDays", (pg_relation_size(c.oid) / 8192)::int AS pages
    FROM datasets d JOIN pg_class c ON c.relnamespace = 'records'::regnamespace AND c.relname = 'dataset_' || d.id
   ORDER BY d.id`;

/** Keeps indexes up with what is appended, and deletes what is older than its dataset keeps. */
export function createRecordMaintenance(options: RecordMaintenanceOptions): RecordMaintenance {
  const { pool, log, intervalMs = 10_000, retentionIntervalMs = 3_600_000, now = () => new Date() } = options;
  const { onRound = () => undefined } = options;
  const growth = createIndexGrowth();
  const canceller = createCanceller(pool);
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let nextRetention = 0;

  async function round(client: PoolClient, withRetention: boolean): Promise<void> {
    const { rows: tables } = await client.query<RecordTable>(TABLES);
    growth.keepOnly(new Set(tables.map(({ id }) => id)));
    for (const table of tables) {
      if (stopping.signal.aborted) return;
      await ignoringDropped(() => growth.catchUp(client, table.id, table.pages));
      if (withRetention && table.retentionDays !== null) await retain(client, table.id, table.retentionDays);
    }
  }

  async function retain(client: PoolClient, datasetId: number, days: number): Promise<void> {
    const before = new Date(now().getTime() - days * DAY_MS);
    const deleted = await ignoringDropped(() => deleteExpired(client, { datasetId, before, signal: stopping.signal }));
    if (deleted) log.info({ datasetId, deleted, before }, 'deleted records past their retention');
  }

  async function guarded(withRetention: boolean): Promise<'done' | 'skipped'> {
    const client = await pool.connect();
    // What breaks is thrown by the statement; unheard, the event of it would end the process.
    client.on('error', () => undefined);
    try {
      // VACUUM of a large table, and summing up after a large import, take longer than a request may.
      await client.query('SET statement_timeout = 0');
      const { rows } = await client.query<{ mine: boolean }>('SELECT pg_try_advisory_lock($1, $2) AS mine', [...LOCK]);
      if (rows[0]?.mine !== true) return 'skipped';
      const watch = await canceller.watch(client, stopping.signal);
      await watch.guard(round(client, withRetention)).finally(() => watch.release());
      return 'done';
    } finally {
      // The session ends, and with it the lock and the settings.
      client.release(true);
    }
  }

  async function tick(): Promise<void> {
    const withRetention = performance.now() >= nextRetention;
    if (withRetention) nextRetention = performance.now() + retentionIntervalMs;
    try {
      onRound(await guarded(withRetention));
    } catch (err) {
      if (stopping.signal.aborted) return;
      onRound('failed');
      log.warn({ err }, 'record maintenance failed; it is tried again');
    }
  }

  function schedule(): void {
    timer = setTimeout(() => {
      running = tick().finally(() => {
        if (!stopping.signal.aborted) schedule();
      });
    }, intervalMs);
  }

  return {
    start: schedule,
    async runOnce() {
      await guarded(true);
    },
    async stop() {
      stopping.abort();
      clearTimeout(timer);
      await running;
      await canceller.close();
    },
  };
}

/** A dataset may be deleted at any time; its table needs nothing then. */
async function ignoringDropped<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (sqlState(error) === UNDEFINED_TABLE) return undefined;
    throw error;
  }
}
