import { copyGoodLines } from '../ledger/copy-good-lines.js';
import type { DatabaseLane, Session } from '../ledger/database-lane.js';
import { DatasetColumns } from '../ledger/dataset-columns.js';
import { copyStep } from '../ledger/ledger-sql.js';

/** A record PostgreSQL refused. */
export interface DeadLetter {
  id: string;
  chunk: string;
  dataset: number;
  /** As it was refused: COPY text. */
  line: string;
  sqlstate: string;
  reason: string;
  at: string;
}

/** Which dead letters; all unless said otherwise. */
export interface DeadLetterFilter {
  dataset?: number;
  limit?: number;
}

const LIST = `
  SELECT id, chunk_id AS chunk, dataset_id AS dataset, line, sqlstate, reason, created_at AS at
    FROM ingest.dead_letters WHERE $1::int IS NULL OR dataset_id = $1 ORDER BY id LIMIT $2`;

const CHUNKS = `
  SELECT DISTINCT chunk_id AS chunk, dataset_id AS dataset
    FROM ingest.dead_letters WHERE $1::int IS NULL OR dataset_id = $1 ORDER BY 1`;

const LOCK_CHUNK = 'SELECT id, line FROM ingest.dead_letters WHERE chunk_id = $1 ORDER BY id FOR UPDATE';
const DELETE_LETTERS = 'DELETE FROM ingest.dead_letters WHERE id = ANY($1::bigint[])';
/**
 * An entry of its own takes them from the dead to the stored. The chunk's stays as it is: it carries the number of the
 * transaction that stored the chunk's other records, by which tails find these.
 */
const MOVE_IN_LEDGER = `
  INSERT INTO ingest.committed_chunks (chunk_id, dataset_id, records, dead)
  VALUES (gen_random_uuid(), $1, $2::int, -($2::int))`;

/** The dead letters, oldest first. Needs the owner: the service's own role can't read records. */
export async function listDeadLetters(
  session: Session,
  { dataset, limit = 100 }: DeadLetterFilter = {},
): Promise<DeadLetter[]> {
  const rows = await session.query<Omit<DeadLetter, 'at'> & { at: Date }>(LIST, [dataset ?? null, limit]);
  return rows.map((row) => ({ ...row, at: row.at.toISOString() }));
}

/** What a replay did, or would do. */
export interface ReplayResult {
  stored: number;
  /** Refused again; they stay. */
  refused: number;
}

/**
 * Tries to store dead letters once more, each chunk's in one transaction with their removal and the ledger,
 * so that a record is in one place or the other whatever happens. A dry run does all of it and takes it
 * back: its figures are what the real run would do.
 */
export async function replayDeadLetters(
  lane: DatabaseLane,
  { dataset, dryRun }: { dataset?: number; dryRun: boolean },
): Promise<ReplayResult> {
  const session = await lane.session();
  const chunks = await session.query<{ chunk: string; dataset: number }>(CHUNKS, [dataset ?? null]);
  const columns = new DatasetColumns();
  await columns.learn(
    chunks.map((row) => row.dataset),
    lane,
  );
  const total = { stored: 0, refused: 0 };
  for (const row of chunks) {
    const { stored, refused } = await replayChunk(session, row, columns.of(row.dataset), dryRun);
    total.stored += stored;
    total.refused += refused;
  }
  return total;
}

async function replayChunk(
  session: Session,
  { chunk, dataset }: { chunk: string; dataset: number },
  columns: string,
  dryRun: boolean,
): Promise<ReplayResult> {
  await session.query('BEGIN');
  try {
    const letters = await session.query<{ id: string; line: string }>(LOCK_CHUNK, [chunk]);
    const lines = letters.map(({ line }) => line);
    const refused = await copyGoodLines(session, (part) => copyStep(dataset, columns, part), lines);
    const again = new Set(refused.map(({ index }) => index));
    const stored = letters.filter((_, index) => !again.has(index)).map(({ id }) => id);
    await session.query(DELETE_LETTERS, [stored]);
    if (stored.length > 0) await session.query(MOVE_IN_LEDGER, [dataset, stored.length]);
    await session.query(dryRun ? 'ROLLBACK' : 'COMMIT');
    return { stored: stored.length, refused: refused.length };
  } catch (error) {
    await session.query('ROLLBACK').catch(() => session.drop());
    throw error;
  }
}
