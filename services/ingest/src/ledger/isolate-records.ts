import type { Chunk } from '@loguro/types';
import { classifyFailure, sqlstateOf } from './classify-failure.js';
import type { Step } from './copy-transaction.js';
import type { Session } from './database-lane.js';
import { copyStep, INSERT_DEAD, ledgerInsert } from './ledger-sql.js';

interface DeadRecord {
  line: string;
  sqlstate: string;
  reason: string;
}

/**
 * Stores the good records of a chunk that PostgreSQL refuses, and puts the others among the dead letters
 * with its reason, all in one transaction with the chunk's ledger row.
 *
 * The chunk is halved until the records at fault stand alone: a bad record costs about 2·log₂(n) small
 * COPYs, a good chunk none. A savepoint before each COPY undoes the refused ones alone.
 *
 * @returns how many were stored and how many are dead
 * @throws Error of PostgreSQL that is not about a record, among them a ledger row that exists already
 *   (then nothing of this happened)
 */
export async function isolateRecords(
  session: Session,
  chunk: Chunk,
  columns: string,
  worker: number,
): Promise<{ records: number; dead: number }> {
  const dead: DeadRecord[] = [];
  await session.query('BEGIN');
  try {
    const lines = splitLines(chunk.lines);
    await storeGood((part) => copyStep(chunk.dataset, columns, [part.join('')]), session, lines, dead);
    if (dead.length > 0) {
      await session.query(INSERT_DEAD, [
        chunk.id,
        chunk.dataset,
        dead.map(({ line }) => line),
        dead.map(({ sqlstate }) => sqlstate),
        dead.map(({ reason }) => reason),
      ]);
    }
    const outcome = { records: lines.length - dead.length, dead: dead.length };
    await session.query(ledgerInsert([{ id: chunk.id, dataset: chunk.dataset, ...outcome }], worker));
    await session.query('COMMIT');
    return outcome;
  } catch (error) {
    await session.query('ROLLBACK').catch(() => session.drop());
    throw error;
  }
}

async function storeGood(
  copy: (lines: string[]) => Step,
  session: Session,
  lines: string[],
  dead: DeadRecord[],
): Promise<void> {
  const failure = await session.run([{ sql: 'SAVEPOINT part' }, copy(lines), { sql: 'RELEASE SAVEPOINT part' }]);
  if (failure === null) return;
  const { error } = failure;
  if (classifyFailure(error) !== 'refused') throw error;
  await session.query('ROLLBACK TO SAVEPOINT part; RELEASE SAVEPOINT part');
  if (lines.length === 1) {
    dead.push(deadRecord(lines[0] as string, error));
    return;
  }
  const middle = lines.length >> 1;
  await storeGood(copy, session, lines.slice(0, middle), dead);
  await storeGood(copy, session, lines.slice(middle), dead);
}

function deadRecord(line: string, error: Error & { code?: string }): DeadRecord {
  return {
    // A text column can't hold U+0000, which is one of the reasons to be here.
    line: line.replaceAll('\0', '\uFFFD'),
    sqlstate: sqlstateOf(error) ?? '',
    reason: error.message.replaceAll('\0', '\uFFFD'),
  };
}

/** The lines, each with its newline. In COPY text a newline in a value is written as an escape. */
function splitLines(text: string): string[] {
  return text.match(/[^\n]*\n/g) ?? [];
}
