const SHAPE =
  /^(\d{4}-\d\d-\d\d)(T(?:[01]\d|2[0-3]):[0-5]\d):([0-5]\d|60)(?:\.\d{1,9})?(Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;
/** Years 0001 to 9999 in UTC, as PostgreSQL and RFC 3339 both have them. */
const FIRST_MS = -62135596800000;
const LAST_MS = 253402300799999;

/** Whether a record may carry this timestamp: RFC 3339 with offset, a day that exists, a leap second only at midnight UTC. */
export function isTimestamp(text: string): boolean {
  const match = SHAPE.exec(text.toUpperCase());
  if (match === null) return false;
  const [, day, minute, second, zone] = match as unknown as [string, string, string, string, string];
  // 31 February becomes a day of March in some engines and no date in others.
  if (new Date(day).getUTCDate() !== Number(day.slice(8))) return false;
  const ms = Date.parse(`${day}${minute}:00${zone}`) + Number(second) * 1000;
  return ms >= FIRST_MS && ms <= LAST_MS && (second !== '60' || ms % 86_400_000 === 0);
}
