import type { Logger } from 'pino';
import { isDatabaseAway } from '../http/client-errors.js';
import { SQL_STATE, sqlState } from './sql-state.js';

const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 2000;

/** Options of {@link untilReady}. */
export interface UntilReadyOptions {
  logger: Logger;
  /** Told each time why it is not ready yet, in a sentence. */
  onProblem: (problem: string) => void;
}

/**
 * Tries until it succeeds, as long as the reason to fail is one that passes by itself: PostgreSQL is not up yet,
 * or its migration has not run yet. Any other failure is thrown.
 */
export async function untilReady<T>(attempt: () => Promise<T>, { logger, onProblem }: UntilReadyOptions): Promise<T> {
  for (let delayMs = FIRST_DELAY_MS; ; delayMs = Math.min(delayMs * 2, MAX_DELAY_MS)) {
    try {
      return await attempt();
    } catch (err) {
      const problem = passingProblem(err);
      if (problem === null) throw err;
      onProblem(problem);
      logger.warn({ err }, problem);
      await new Promise((resolve) => setTimeout(resolve, delayMs));
    }
  }
}

/** Each of these states is what a database looks like before `migrate` has run. */
const NOT_MIGRATED: readonly (string | null)[] = [
  SQL_STATE.undefinedTable,
  SQL_STATE.insufficientPrivilege,
  SQL_STATE.invalidPassword,
  SQL_STATE.invalidAuthorization,
  SQL_STATE.invalidCatalogName,
];

function passingProblem(error: unknown): string | null {
  if (isDatabaseAway(error)) return 'the database can not be reached';
  if (NOT_MIGRATED.includes(sqlState(error))) {
    return 'the database is not migrated yet, or LOGURO_DATABASE_URL has the wrong password: run the migrate command';
  }
  return null;
}
