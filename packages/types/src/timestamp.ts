const SHAPE = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;
const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** First and last instant that can be stored: years 0001 to 9999 in UTC, in milliseconds since the epoch. */
export const MIN_TIMESTAMP_MS = -62135596800000;
export const MAX_TIMESTAMP_MS = 253402300799999;

/** An instant with the precision PostgreSQL keeps. */
export interface Instant {
  /** Whole seconds since the epoch, UTC. */
  seconds: number;
  /** 0 to 999,999. Further digits are cut off, never rounded up. */
  micros: number;
}

/**
 * Reads an RFC 3339 timestamp with offset, as strictly as PostgreSQL will: the day exists, hours and
 * offsets are real, the instant lies in the years 0001 to 9999 in UTC. A leap second (`23:59:60` UTC) is
 * the first instant of the next minute, as in PostgreSQL. At most nine fractional digits.
 *
 * @returns null when the text is not such a timestamp
 */
export function parseTimestamp(text: string): Instant | null {
  const m = SHAPE.exec(text);
  if (m === null) return null;
  const year = Number(m[1]);
  const month = Number(m[2]);
  const day = Number(m[3]);
  const hour = Number(m[4]);
  const minute = Number(m[5]);
  const second = Number(m[6]);
  if (month < 1 || month > 12 || day < 1 || day > monthDays(year, month)) return null;
  if (hour > 23 || minute > 59 || second > 60) return null;
  const offsetHour = m[9] === undefined ? 0 : Number(m[9]);
  const offsetMinute = m[10] === undefined ? 0 : Number(m[10]);
  if (offsetHour > 23 || offsetMinute > 59) return null;
  const offset = (offsetHour * 60 + offsetMinute) * (m[8] === '-' ? -60 : 60);
  // Date.UTC takes years 0 to 99 as 1900 to 1999; 400 years are a whole number of days and weeks.
  const seconds = Date.UTC(year + 400, month - 1, day, hour, minute, second) / 1000 - 12622780800 - offset;
  if (second === 60 && ((seconds % 86400) + 86400) % 86400 !== 0) return null;
  if (seconds * 1000 < MIN_TIMESTAMP_MS || seconds * 1000 > MAX_TIMESTAMP_MS) return null;
  return { seconds, micros: m[7] === undefined ? 0 : Number(m[7].slice(0, 6).padEnd(6, '0')) };
}

/** Whether the text is a timestamp a record may carry; the `date-time` format of the contract. */
export function isTimestamp(text: string): boolean {
  return parseTimestamp(text) !== null;
}

/** The instant as an RFC 3339 UTC string; fractional digits only as far as they say something. */
export function formatInstant({ seconds, micros }: Instant): string {
  const whole = new Date(seconds * 1000).toISOString().slice(0, 19);
  return micros === 0 ? `${whole}Z` : `${whole}.${String(micros).padStart(6, '0').replace(/0+$/, '')}Z`;
}

function monthDays(year: number, month: number): number {
  const leap = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return (MONTH_DAYS[month - 1] as number) + (leap ? 1 : 0);
}
