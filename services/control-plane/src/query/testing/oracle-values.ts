import {
  type Field,
  type FieldBaseType,
  formatInstant,
  parseTimestamp,
  type Scalar,
  type SelectItem,
} from '@loguro/types';

/** A value as the oracle reckons with it: timestamps are microseconds since the epoch. */
export type Value = string | number | boolean | bigint | null;
export type Row = Record<string, Value>;

/** A record as it was sent, with what it leaves out as null. */
export function toRow(record: Record<string, unknown>, types: Map<string, Field>): Row {
  return Object.fromEntries(
    [...types.values()].map(({ name, type }) => [name, toValue((record[name] ?? null) as Scalar, type)]),
  );
}

/** A value of a record or a query. */
export function toValue(value: Scalar, type: FieldBaseType): Value {
  return type === 'timestamp' && value !== null ? micros(value as string) : value;
}

/** @throws Error when the text is no timestamp */
export function micros(text: string): bigint {
  const instant = parseTimestamp(text);
  if (instant === null) throw new Error(`not a timestamp: ${text}`);
  return BigInt(instant.seconds) * 1_000_000n + BigInt(instant.micros);
}

/** A row of the answer, as it travels. */
export function shown(row: Row, names: string[]): Record<string, unknown> {
  const show = (value: Value) => {
    if (typeof value !== 'bigint') return value;
    const seconds = value / 1_000_000n - (value % 1_000_000n < 0n ? 1n : 0n);
    return formatInstant({ seconds: Number(seconds), micros: Number(value - seconds * 1_000_000n) });
  };
  return Object.fromEntries(names.map((name) => [name, show(row[name] ?? null)]));
}

/** 0 when both are null. */
export function compareNullable(a: Value, b: Value): number {
  return a === null || b === null ? (a === b ? 0 : 1) : compareValues(a, b);
}

/** Text by code points, which is not how JavaScript compares strings: it goes by UTF-16 units. */
export function compareValues(a: Value, b: Value): number {
  if (typeof a === 'string' && typeof b === 'string') {
    const [x, y] = [[...a], [...b]];
    for (let i = 0; i < Math.min(x.length, y.length); i++) {
      const difference = (x[i]?.codePointAt(0) as number) - (y[i]?.codePointAt(0) as number);
      if (difference !== 0) return difference;
    }
    return x.length - y.length;
  }
  return a === b ? 0 : (a as number) < (b as number) ? -1 : 1;
}

/** The name of the column that an item makes. */
export function nameOf({ as, aggregate: kind, field, bucket }: SelectItem): string {
  if (as !== undefined) return as;
  if (kind !== undefined) return field === undefined ? kind : `${kind}_${field}`;
  return bucket ?? (field as string);
}
