import { classifyFailure, sqlstateOf } from './classify-failure.js';
import type { Step } from './copy-transaction.js';
import type { Session } from './database-lane.js';

/** A line PostgreSQL refuses, and why. */
export interface RefusedLine {
  /** Its place among the lines, from 0. */
  index: number;
  line: string;
  sqlstate: string;
  /** PostgreSQL's message. */
  reason: string;
}

/**
 * Copies the lines that PostgreSQL takes, within the session's transaction.
 *
 * Lines are halved until those at fault stand alone: a bad one costs about 2·log₂(n) small COPYs, each after a
 * savepoint. What a savepoint holds is a transaction of its own to PostgreSQL, with a number of its own, while tails
 * find records by the number that they share with their ledger row. So all that was tried is undone, and the good
 * lines are copied once more as what they are.
 *
 * @param copy the COPY statement for some lines
 * @returns the refused lines, in order
 * @throws Error of PostgreSQL that is not about a line
 */
export async function copyGoodLines(
  session: Session,
  copy: (lines: readonly Buffer[]) => Step,
  lines: readonly string[],
): Promise<RefusedLine[]> {
  const refused: RefusedLine[] = [];
  const part = async (from: number, to: number): Promise<void> => {
    const failure = await session.run([
      { sql: 'SAVEPOINT part' },
      copy([bytes(lines.slice(from, to))]),
      { sql: 'RELEASE SAVEPOINT part' },
    ]);
    if (failure === null) return;
    const { error } = failure;
    if (classifyFailure(error) !== 'refused') throw error;
    await session.query('ROLLBACK TO SAVEPOINT part; RELEASE SAVEPOINT part');
    if (to - from > 1) {
      const middle = (from + to) >> 1;
      await part(from, middle);
      await part(middle, to);
    } else refused.push({ index: from, ...describe(lines[from] as string, error) });
  };
  if (lines.length === 0) return refused;
  await session.query('SAVEPOINT trial');
  await part(0, lines.length);
  await session.query('ROLLBACK TO SAVEPOINT trial; RELEASE SAVEPOINT trial');
  const bad = new Set(refused.map(({ index }) => index));
  const good = lines.filter((_, index) => !bad.has(index));
  const failure = good.length > 0 ? await session.run([copy([bytes(good)])]) : null;
  if (failure !== null) throw failure.error;
  return refused;
}

const bytes = (lines: readonly string[]) => Buffer.from(lines.join(''));

/** The lines of COPY text, each with its newline: one within a value is written as an escape. */
export function splitLines(text: string): string[] {
  return text.match(/[^\n]*\n/g) ?? [];
}

function describe(line: string, error: Error & { code?: string }) {
  // A text column can't hold U+0000, which is one of the reasons to be here.
  const text = (value: string) => value.replaceAll('\0', '\uFFFD');
  return { line: text(line), sqlstate: sqlstateOf(error) ?? '', reason: text(error.message) };
}
