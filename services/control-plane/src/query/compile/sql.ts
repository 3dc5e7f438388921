import type { ColumnType, FieldBaseType } from '@loguro/types';

/** A piece of SQL that stands for one value. */
export interface Expression {
  sql: string;
  type: ColumnType;
  /** Whether it can be null. */
  nullable: boolean;
}

/** The PostgreSQL type that a value compared with a field is sent as. */
export const PARAMETER_TYPES: Record<FieldBaseType, string> = {
  string: 'text',
  number: 'double precision',
  boolean: 'boolean',
  timestamp: 'timestamp with time zone',
};

/**
 * The values of a statement. Whatever a caller sends reaches PostgreSQL through here, as the text (or list of
 * texts) of a parameter with a stated type, and never as SQL.
 */
export class Parameters {
  readonly values: (string | string[])[] = [];

  /** @returns the placeholder, cast to its type */
  add(value: string | string[], type: string): string {
    this.values.push(value);
    return `$${this.values.length}::${type}`;
  }
}

/** A name from a registered schema as an SQL identifier. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
