import { formatInstant, parseTimestamp } from '@loguro/types';

const DASH = 45;
const COLON = 58;
const DOT = 46;
const T = 84;
const Z = 90;
const MONTH_DAYS = [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
/** `2026-06-10T10:58:00Z`, and the same with `.` and six digits. */
const SHORTEST = 20;
const LONGEST = 27;
/** A timestamp's characters as bytes; those that take more than one make it too long, or no digit. */
const scratch = Buffer.alloc(LONGEST * 3);

/**
 * The timestamp as PostgreSQL reads it to the same microsecond, or null when no record may carry it.
 *
 * The common form (UTC, `T` and `Z`, at most six fractional digits) is what PostgreSQL reads too, so it is
 * only checked, character by character and without allocating: a regular expression and a `Date` per record
 * cost more than everything else here. The rest goes the long way, which decides alike.
 */
export function timestampText(text: string): string | null {
  if (text.length <= LONGEST && isPlainUtc(scratch, 0, scratch.write(text))) return text;
  const instant = parseTimestamp(text);
  return instant === null ? null : formatInstant(instant);
}

/** Whether the bytes `[start, end)` are a timestamp of the common form. */
export function isPlainUtc(bytes: Uint8Array, start: number, end: number): boolean {
  const length = end - start;
  if (length < SHORTEST || length > LONGEST || bytes[end - 1] !== Z) return false;
  if (bytes[start + 4] !== DASH || bytes[start + 7] !== DASH || bytes[start + 10] !== T) return false;
  if (bytes[start + 13] !== COLON || bytes[start + 16] !== COLON) return false;
  const year = two(bytes, start) * 100 + two(bytes, start + 2);
  const month = two(bytes, start + 5);
  const day = two(bytes, start + 8);
  // NaN, from what is no digit, fails every comparison.
  if (!(year >= 1 && month >= 1 && month <= 12 && day >= 1 && two(bytes, start + 11) <= 23)) return false;
  if (!(two(bytes, start + 14) <= 59 && two(bytes, start + 17) <= 59)) return false;
  if (day > (MONTH_DAYS[month] as number) && !(month === 2 && day === 29 && isLeap(year))) return false;
  return length === SHORTEST || isFraction(bytes, start + SHORTEST - 1, end - 1);
}

/** The number in two digits; NaN when they are none. */
function two(bytes: Uint8Array, at: number): number {
  const tens = (bytes[at] as number) - 48;
  const ones = (bytes[at + 1] as number) - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

function isFraction(bytes: Uint8Array, start: number, end: number): boolean {
  if (bytes[start] !== DOT || end === start + 1) return false;
  for (let at = start + 1; at < end; at++) {
    const digit = bytes[at] as number;
    if (digit < 48 || digit > 57) return false;
  }
  return true;
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}
