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
  for (let error = thrown, depth = 0; isErrorLike(error) && depth < 5; error = error.cause, depth++) {
    const { code, message, name, errors } = error;
    if (SOCKET_CODES.includes(String(code)) || PRISMA_CODES.includes(String(code))) return true;
    if (PG_MESSAGES.test(String(message)) || name === 'PrismaClientInitializationError') return true;
    // Of a host with several addresses, each of which failed.
    if (Array.isArray(errors) && errors.some(isDatabaseAway)) return true;
  }
  return false;
}

/** Errors of drivers are recognised by what they say, not by their class: there may be several copies of a driver. */
function isErrorLike(value: unknown): value is Record<'code' | 'message' | 'name' | 'errors' | 'cause', unknown> {
  return typeof value === 'object' && value !== null && 'message' in value;
}
