/** SQLSTATE codes that the code decides on (PostgreSQL manual, appendix A). */
export const SQL_STATE = {
  uniqueViolation: '23505',
  duplicateObject: '42710',
  lockNotAvailable: '55P03',
  deadlockDetected: '40P01',
  serializationFailure: '40001',
  internalError: 'XX000',
  invalidCatalogName: '3D000',
  invalidAuthorization: '28000',
  invalidPassword: '28P01',
  undefinedTable: '42P01',
  insufficientPrivilege: '42501',
} as const;

/** The SQLSTATE of whatever was thrown by `pg`, or by Prisma over `pg`; null when there is none. */
export function sqlState(thrown: unknown): string | null {
  for (let error = thrown, depth = 0; isObject(error) && depth < 5; depth++) {
    for (const candidate of [error.originalCode, error.code]) {
      if (typeof candidate === 'string' && isSqlState(candidate)) {
        return candidate;
      }
    }
    error = error.cause ?? (isObject(error.meta) ? error.meta.driverAdapterError : undefined);
  }
  return null;
}

/** Five digits or capitals. Prisma's own codes (P1001) and Node's (EPIPE) can look like it: no class of SQLSTATE does. */
function isSqlState(code: string): boolean {
  return /^[0-9A-Z]{5}$/.test(code) && /\d/.test(code) && !/^P[1-9]/.test(code);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
