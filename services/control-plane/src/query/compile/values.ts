import { type FieldBaseType, formatInstant, parseTimestamp, type Scalar } from '@loguro/types';

const UNPAIRED_SURROGATE = /\p{Surrogate}/u;

/** A value in the form its parameter takes, or what is wrong with it. */
export type CheckedValue = { text: string } | { fault: string };

/**
 * Checks a value against the type of what it is compared with. Strings that no record can hold are refused:
 * PostgreSQL would fail on U+0000, and the driver would turn an unpaired surrogate into another character.
 */
export function checkValue(value: Scalar, type: FieldBaseType): CheckedValue {
  switch (type) {
    case 'string':
      if (typeof value !== 'string') return wrongType(value, type);
      if (value.includes('\0') || UNPAIRED_SURROGATE.test(value)) {
        return { fault: 'has U+0000 or an unpaired surrogate, which no record can hold' };
      }
      return { text: value };
    case 'number':
      if (typeof value !== 'number') return wrongType(value, type);
      if (!Number.isFinite(value)) return { fault: 'is beyond the range of a double' };
      return { text: String(value) };
    case 'boolean':
      return typeof value === 'boolean' ? { text: String(value) } : wrongType(value, type);
    case 'timestamp': {
      if (typeof value !== 'string') return wrongType(value, type);
      const instant = parseTimestamp(value);
      if (instant === null) return { fault: 'is not an RFC 3339 timestamp with offset, such as 2026-06-10T10:00:00Z' };
      return { text: formatInstant(instant) };
    }
  }
}

function wrongType(value: Scalar, type: FieldBaseType): CheckedValue {
  return { fault: `is ${value === null ? 'null' : `a ${typeof value}`}, but what it is compared with is a ${type}` };
}
