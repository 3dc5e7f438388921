import { isTimestamp } from '@loguro/types';
import { CliError } from '../cli-error.js';

const UNITS_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;
const RELATIVE = /^(\d+)\s*([smhdw])$/;
const DATE = /^\d{4}-\d\d-\d\d$/;

/**
 * An end of a range: `now`, a time ago (`30m`, `24h`, `7d`, `2w`), a day (UTC; whole, at either end), or a
 * timestamp with offset.
 *
 * @returns RFC 3339
 * @throws CliError naming the flag
 */
export function parseInstant(text: string, flag: '--from' | '--to', now: number): string {
  const relative = RELATIVE.exec(text);
  if (relative) {
    const unit = relative[2] as keyof typeof UNITS_MS;
    return new Date(now - Number(relative[1]) * UNITS_MS[unit]).toISOString();
  }
  if (text === 'now') return new Date(now).toISOString();
  const whole = DATE.test(text) ? `${text}T${flag === '--from' ? '00:00:00' : '23:59:59.999999'}Z` : text;
  if (isTimestamp(whole)) return whole;
  throw new CliError(`${flag} "${text}" is not a time.`, {
    hints: ['Write 30m, 24h, 7d, 2026-06-10, 2026-06-10T10:00:00Z or now.'],
  });
}

/** A span such as `90s`, `15m`, `1h` or `7d` in milliseconds. */
export function parseSpan(text: string, flag: string): number {
  const match = RELATIVE.exec(text);
  if (match) return Number(match[1]) * UNITS_MS[match[2] as keyof typeof UNITS_MS];
  throw new CliError(`${flag} "${text}" is not a span of time.`, { hints: ['Write 90s, 15m, 1h or 7d.'] });
}
