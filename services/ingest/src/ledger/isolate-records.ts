import { copyGoodLines, type RefusedLine, splitLines } from './copy-good-lines.js';
import type { Session } from './database-lane.js';
import type { HeldChunk } from './held-chunk.js';
import { copyStep, INSERT_DEAD, ledgerInsert } from './ledger-sql.js';

/**
 * Stores the good records of a chunk that PostgreSQL refuses, and puts the others among the dead letters
 * with its reason, all in one transaction with the chunk's ledger row.
 *
 * @param columns the dataset's, for COPY
 * @returns how many were stored, and those that are dead
 * @throws Error of PostgreSQL that is not about a record, among them a ledger row that exists already
 *   (then nothing of this happened)
 */
export async function isolateRecords(
  session: Session,
  chunk: HeldChunk,
  columns: string,
  worker: number,
): Promise<{ records: number; refused: RefusedLine[] }> {
  await session.query('BEGIN');
  try {
    const lines = splitLines(chunk.lines.toString());
    const refused = await copyGoodLines(session, (part) => copyStep(chunk.dataset, columns, part), lines);
    if (refused.length > 0) {
      await session.query(INSERT_DEAD, [
        chunk.id,
        chunk.dataset,
        refused.map(({ line }) => line),
        refused.map(({ sqlstate }) => sqlstate),
        refused.map(({ reason }) => reason),
      ]);
    }
    const { id, dataset } = chunk;
    const records = lines.length - refused.length;
    await session.query(ledgerInsert([{ id, dataset, records, dead: refused.length }], worker));
    await session.query('COMMIT');
    return { records, refused };
  } catch (error) {
    await session.query('ROLLBACK').catch(() => session.drop());
    throw error;
  }
}
