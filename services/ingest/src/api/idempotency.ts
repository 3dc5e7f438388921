import { createHash } from 'node:crypto';
import { ApiError, LIMITS } from '@loguro/types';
import type { Database } from '../cache/database.js';

/**
 * Takes the key for a new chunk, or over from a use that is past its time. Returns no row when the key is
 * in use.
 */
const TAKE = `
  INSERT INTO ingest.idempotency_keys AS k (scope, chunk_id, body) VALUES ($1, $2, $3)
  ON CONFLICT (scope) DO UPDATE SET chunk_id = excluded.chunk_id, body = excluded.body, created_at = now()
   WHERE k.created_at < now() - $4::float8 * interval '1 millisecond'
  RETURNING chunk_id, body`;

const READ = 'SELECT chunk_id, body FROM ingest.idempotency_keys WHERE scope = $1';

interface Row {
  chunk_id: string;
  body: Buffer;
}

/** A use of an `Idempotency-Key`. */
export interface KeyUse {
  project: number;
  dataset: number;
  key: string;
  /** A hash of everything in the request that decides what is stored. */
  body: Buffer;
  /** The id for the chunk if this is the first use. */
  chunkId: string;
}

/**
 * The chunk that carries the records of this key: the given one at its first use, that of the first use at
 * a repeat. A repeat must be queued again under that id, and the ledger stores it once: the row alone says
 * nothing about whether the first try reached the queue.
 *
 * @throws ApiError `idempotency_key_reused` when the key was used with another body, or `unavailable`
 */
export async function chunkForKey(database: Database, use: KeyUse): Promise<string> {
  const scope = createHash('sha256').update(`${use.project}/${use.dataset}/${use.key}`).digest();
  const values = [scope, use.chunkId, use.body, LIMITS.idempotencyTtlMs];
  const [taken] = await database.query<Row>(TAKE, values);
  const row = taken ?? (await database.query<Row>(READ, [scope]))[0];
  // Swept between the two statements: it expired this very moment.
  if (row === undefined) throw new ApiError('unavailable', 'The Idempotency-Key has just expired; send it again.');
  if (row.body.equals(use.body)) return row.chunk_id;
  throw new ApiError('idempotency_key_reused', 'This Idempotency-Key was used before with a different body.');
}
