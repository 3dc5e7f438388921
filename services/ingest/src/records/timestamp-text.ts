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

/**
 * The timestamp as PostgreSQL reads it to the same microsecond, or null when no record may carry it.
 *
 * The common form (UTC, `T` and `Z`, at most six fractional digits) is what PostgreSQL reads too, so it is
 * only checked, character by character and without allocating: a regular expression and a `Date` per record
 * cost more than everything else here. The rest goes the long way, which decides alike.
 */
export function timestampText(text: string): string | null {
  if (isPlainUtc(text)) return text;
  const instant = parseTimestamp(text);
  return instant === null ? null : formatInstant(instant);
}

function isPlainUtc(text: string): boolean {
  const end = text.length - 1;
  if (end < SHORTEST - 1 || end > LONGEST - 1 || text.charCodeAt(end) !== Z) return false;
  if (text.charCodeAt(4) !== DASH || text.charCodeAt(7) !== DASH || text.charCodeAt(10) !== T) return false;
  if (text.charCodeAt(13) !== COLON || text.charCodeAt(16) !== COLON) return false;
  const year = two(text, 0) * 100 + two(text, 2);
  const month = two(text, 5);
  const day = two(text, 8);
  // NaN, from what is no digit, fails every comparison.
  if (!(year >= 1 && month >= 1 && month <= 12 && day >= 1 && two(text, 11) <= 23)) return false;
  if (!(two(text, 14) <= 59 && two(text, 17) <= 59)) return false;
  if (day > (MONTH_DAYS[month] as number) && !(month === 2 && day === 29 && isLeap(year))) return false;
  return end === SHORTEST - 1 || isFraction(text, end);
}

/** The number in two digits; NaN when they are none. */
function two(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 48;
  const ones = text.charCodeAt(at + 1) - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

function isFraction(text: string, end: number): boolean {
  if (text.charCodeAt(SHORTEST - 1) !== DOT || end === SHORTEST) return false;
  for (let at = SHORTEST; at < end; at++) {
    const digit = text.charCodeAt(at);
    if (digit < 48 || digit > 57) return false;
  }
  return true;
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}
