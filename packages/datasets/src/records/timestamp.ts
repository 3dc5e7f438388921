const SHAPE = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d{1,9})?(?:Z|([+-])(\d\d):(\d\d))$/i;
/** Years 0001 to 9999 in UTC, as PostgreSQL and RFC 3339 both have them. */
const FIRST_MS = -62135596800000;
const LAST_MS = 253402300799999;

/** Whether a record may carry this timestamp: RFC 3339 with offset, a day that exists, a leap second only at midnight UTC. */
export function isTimestamp(text: string): boolean {
  const match = SHAPE.exec(text);
  if (match === null) return false;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const offsetHour = Number(match[8] ?? 0);
  const offsetMinute = Number(match[9] ?? 0);
  if (hour > 23 || minute > 59 || second > 60 || offsetHour > 23 || offsetMinute > 59) return false;
  const at = new Date(0);
  at.setUTCFullYear(year, month - 1, day);
  // A day or month that does not exist has rolled over into another.
  if (at.getUTCMonth() !== month - 1 || at.getUTCDate() !== day) return false;
  const offset = (offsetHour * 60 + offsetMinute) * (match[7] === '-' ? -1 : 1);
  const ms = at.setUTCHours(hour, minute - offset, second);
  if (second === 60 && ms % 86_400_000 !== 0) return false;
  return ms >= FIRST_MS && ms <= LAST_MS;
}
