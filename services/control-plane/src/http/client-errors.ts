import { ApiError, toApiError } from '@loguro/types';
import { SQL_STATE, sqlState } from '../database/sql-state.js';

/** SQLSTATE classes and codes that mean "PostgreSQL can't serve this now" (manual, appendix A). */
const AWAY_CLASSES = ['08', '53', '57', '58'];
const BUSY: readonly string[] = [
  SQL_STATE.lockNotAvailable,
  SQL_STATE.deadlockDetected,
  SQL_STATE.serializationFailure,
];
/** Node's codes of a connection that can't be made or broke. */
const SOCKET_CODES = [
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
];
/** Prisma's codes of the same, and of a transaction that lost against another (P2034) or found no connection. */
const PRISMA_CODES = ['P1001', 'P1002', 'P1008', 'P1017', 'P2024', 'P2028', 'P2034', 'P2037'];
/** Errors of `pg` that carry no code. */
const PG_MESSAGES =
  /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error|Client was closed)/;

/** Whatever a handler threw, as something that may be sent. Driver errors become a constant sentence. */
export function toClientError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown;
  if (isDatabaseAway(thrown)) {
    return new ApiError('unavailable', 'The database is away or too busy. Try again shortly.', {
      cause: thrown,
    });
  }
  return toApiError(thrown);
}

/** Whether an error says that the database can't be reached or can't serve, rather than that we asked nonsense. */
export function isDatabaseAway(thrown: unknown): boolean {
  const state = sqlState(thrown);
  if (state !== null && (AWAY_CLASSES.includes(state.slice(0, 2)) || BUSY.includes(state))) return true;
  for (let error = thrown, depth = 0; error instanceof Error && depth < 5; error = error.cause, depth++) {
    const code = 'code' in error ? String(error.code) : '';
    if (SOCKET_CODES.includes(code) || PRISMA_CODES.includes(code) || PG_MESSAGES.test(error.message)) return true;
    if (error instanceof AggregateError && error.errors.some(isDatabaseAway)) return true;
    if (error.name === 'PrismaClientInitializationError') return true;
  }
  return false;
}
