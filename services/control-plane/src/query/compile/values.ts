import { type FieldBaseType, formatInstant, parseTimestamp, type Scalar } from '@loguro/types';

const UNPAIRED_SURROGATE = /\p{Surrogate}/u;

/** A value in the form its parameter takes, or what is wrong with it. */
export type CheckedValue = { text: string } | { fault: string };

/**
 * Checks a value against the type of what it is compared with. Strings that no record can hold are refused:
 * PostgreSQL would fail on U+0000, and the driver would turn an unpaired surrogate into another character.
 */
export function checkValue(value: Scalar, type: FieldBaseType, label = 'it'): CheckedValue {
  switch (type) {
    case 'string':
      if (typeof value !== 'string') return wrongType(value, type, label);
      if (value.includes('\0') || UNPAIRED_SURROGATE.test(value)) {
        return { fault: 'has U+0000 or an unpaired surrogate, which no record can hold' };
      }
      return { text: value };
    case 'number':
      if (typeof value !== 'number') return wrongType(value, type, label);
      if (!Number.isFinite(value)) return { fault: 'is beyond the range of a double' };
      return { text: String(value) };
    case 'boolean':
      return typeof value === 'boolean' ? { text: String(value) } : wrongType(value, type, label);
    case 'timestamp': {
      if (typeof value !== 'string') return wrongType(value, type, label);
      const instant = parseTimestamp(value);
      if (instant === null) return { fault: 'is not an RFC 3339 timestamp with offset, such as 2026-06-10T10:00:00Z' };
      return { text: formatInstant(instant) };
    }
  }
}

function wrongType(value: Scalar, type: FieldBaseType, label: string): CheckedValue {
  const kind = value === null ? 'null' : `a ${typeof value}`;
  return { fault: `is ${kind}, but ${label} is a ${type}${remedy(value, type)}` };
}

/** What to do about it, where only the form is wrong. The value itself is not repeated: it may be anybody's. */
function remedy(value: Scalar, type: FieldBaseType): string {
  if (type === 'timestamp') return ', such as "2026-06-10T10:00:00Z"';
  if (type === 'string') return value === null ? '' : ': put it in quotes';
  if (typeof value !== 'string') return '';
  const bare = type === 'boolean' ? /^(true|false)$/ : /^-?\d+(\.\d+)?$/;
  return bare.test(value) ? ': write it without quotes' : '';
}
