import { ApiError, type Receipt } from '@loguro/types';
import type { Database } from '../cache/database.js';
import { readReceiptId, receiptOf } from '../records/receipt-id.js';
import type { ReceiptWatcher } from './receipt-watcher.js';

/** What the ledger says of one chunk. */
export interface LedgerEntry {
  chunk_id: string;
  dataset_id: number;
  records: number;
  dead: number;
  committed_at: Date;
}

export const READ_LEDGER = `
  SELECT chunk_id, dataset_id, records, dead, committed_at
    FROM ingest.committed_chunks WHERE chunk_id = ANY($1::uuid[])`;

/** The kinds of refusals among a chunk's dead letters. PostgreSQL's own words may quote the record. */
const READ_REASONS = `
  SELECT sqlstate, count(*)::int AS records FROM ingest.dead_letters
   WHERE chunk_id = $1 GROUP BY sqlstate ORDER BY sqlstate`;

/** How far another server's clock may be ahead. */
const CLOCK_SKEW_MS = 60_000;

/** Options of {@link readReceipt}. */
export interface ReceiptOptions {
  database: Database;
  watcher: ReceiptWatcher;
  /**
   * How long the ledger keeps its rows, in milliseconds. A younger receipt that is not in it is queued; of an
   * older one nothing can be said.
   */
  ledgerMs: number;
}

/**
 * What became of a chunk.
 *
 * @param waitMs how long to wait for it to leave the queue; 0: say what is known now
 * @throws ApiError `receipt_not_found` when the id is none of this dataset's, or nothing is known of it any more
 */
export async function readReceipt(
  { database, watcher, ledgerMs }: ReceiptOptions,
  { id, dataset, waitMs }: { id: string; dataset: number; waitMs: number },
): Promise<Receipt> {
  const asked = readReceiptId(id, dataset);
  const now = Date.now();
  if (asked === null || asked.madeAt > now + CLOCK_SKEW_MS) throw notFound();
  const { chunkId, madeAt } = asked;
  const receipt = receiptOf(chunkId, dataset);
  const entry = await watcher.look(chunkId, waitMs);
  if (entry === null) {
    if (madeAt < now - ledgerMs) throw notFound();
    return { receipt, status: 'queued' };
  }
  if (entry.dataset_id !== dataset) throw notFound();
  return toReceipt(receipt, entry, entry.dead === 0 ? [] : await database.query<Refusals>(READ_REASONS, [chunkId]));
}

interface Refusals {
  sqlstate: string;
  records: number;
}

/** Records that were dead and are no dead letters any more were stored after all: the entry stays as it was. */
function toReceipt(receipt: string, entry: LedgerEntry, refusals: Refusals[]): Receipt {
  const dead = refusals.reduce((sum, refusal) => sum + refusal.records, 0);
  const records = entry.records + entry.dead - dead;
  const reasons = refusals.map((refusal) => {
    return `${refusal.records} refused by the database with SQLSTATE ${refusal.sqlstate}`;
  });
  if (records === 0 && dead > 0) return { receipt, status: 'dead', dead, reasons };
  const stored: Receipt = { receipt, status: 'stored', storedAt: entry.committed_at.toISOString(), records };
  return dead === 0 ? stored : { ...stored, dead, reasons };
}

function notFound(): ApiError {
  return new ApiError('receipt_not_found', 'This dataset has no such receipt.');
}
