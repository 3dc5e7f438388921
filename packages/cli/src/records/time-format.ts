import { formatInstant, isTimestamp } from '@loguro/types';

/** How timestamps are written in a file. */
export const TIME_FORMATS = ['iso', 'iso-utc', 'epoch-s', 'epoch-ms'] as const;
/**
 * - `iso`: RFC 3339 with offset, as records carry them; nothing is changed.
 * - `iso-utc`: the same, and what has no offset (`2026-06-10 10:58`, `2026-06-10`) is UTC.
 * - `epoch-s`, `epoch-ms`: seconds or milliseconds since 1970, fractions allowed.
 */
export type TimeFormat = (typeof TIME_FORMATS)[number];

const LOCAL = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d(?:\.\d+)?)?)?$/;
const WITH_OFFSET = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?) ?(Z|[+-]\d\d:?\d\d|UTC)$/;
const NUMBER = /^-?\d+(\.\d+)?$/;

/** A timestamp of the file as records carry it; what is not one comes back unchanged, for validation to refuse. */
export function toTimestamp(text: string, format: TimeFormat): string {
  if (format === 'iso') return text;
  if (format === 'iso-utc') return fromIso(text);
  return NUMBER.test(text) ? fromEpoch(text, format) : text;
}

/** Whether the file's text is a timestamp in this format. */
export function readsAs(text: string, format: TimeFormat): boolean {
  return isTimestamp(toTimestamp(text, format));
}

function fromIso(text: string): string {
  const local = LOCAL.exec(text);
  if (local) return `${local[1]}T${local[2] ?? '00:00'}${local[3] ?? ':00'}Z`;
  const zoned = WITH_OFFSET.exec(text);
  if (!zoned) return text;
  const [, date, time = '', zone = ''] = zoned;
  const offset = zone === 'UTC' ? 'Z' : zone.replace(/^([+-]\d\d)(\d\d)$/, '$1:$2');
  return `${date}T${time.length === 5 ? `${time}:00` : time}${offset}`;
}

/** Digit by digit, because a double has no room for the microseconds of a date. */
function fromEpoch(text: string, format: 'epoch-s' | 'epoch-ms'): string {
  const [whole = '', fraction = ''] = text.replace('-', '').split('.');
  const micros =
    format === 'epoch-s'
      ? BigInt(whole + fraction.slice(0, 6).padEnd(6, '0'))
      : BigInt(whole + fraction.slice(0, 3).padEnd(3, '0'));
  const signed = text.startsWith('-') ? -micros : micros;
  const rest = ((signed % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const seconds = (signed - rest) / 1_000_000n;
  // Beyond the years 0001 to 9999 there is nothing to format.
  if (seconds < -62135596800n || seconds > 253402300799n) return text;
  return formatInstant({ seconds: Number(seconds), micros: Number(rest) });
}
