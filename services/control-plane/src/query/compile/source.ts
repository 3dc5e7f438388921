import { COLUMN_TYPES, type Field, type Fields, fieldList, RECORDS_SCHEMA, recordTable } from '@loguro/types';
import type { Faults } from './faults.js';
import { type Place, unknownName } from './names.js';
import { type Expression, quoteIdentifier } from './sql.js';

/** The dataset a query is about. */
export interface QueriedDataset {
  id: number;
  /** Its registered schema. */
  fields: Fields;
}

/** The table of a dataset, and the names that mean something in it. */
export interface Source {
  /** Qualified and quoted. */
  table: string;
  /** The declared fields and `timestamp`: all that can be filtered, grouped and aggregated. */
  fields: ReadonlyMap<string, Field>;
}

/** The field every record has beside the declared ones. */
export const TIMESTAMP = 'timestamp';
/** Selectable as it is, and nothing else. */
export const CONTEXT = 'context';

const AS_IT_IS = 'which can be selected as it is and nothing else';

/** What can be asked of a dataset. */
export function sourceOf({ id, fields }: QueriedDataset): Source {
  const all: Field[] = [{ name: TIMESTAMP, type: 'timestamp', optional: false }, ...fieldList(fields)];
  return {
    table: `${quoteIdentifier(RECORDS_SCHEMA)}.${quoteIdentifier(recordTable(id))}`,
    fields: new Map(all.filter(({ type }) => type in COLUMN_TYPES).map((field) => [field.name, field])),
  };
}

/** The field of that name as an expression; a fault and null when there is none, or it is `context`. */
export function fieldExpression(
  source: Source,
  name: string,
  path: string,
  faults: Faults,
  place: Place = 'select',
): Expression | null {
  const field = source.fields.get(name);
  if (field !== undefined) return { sql: quoteIdentifier(name), type: field.type, nullable: field.optional };
  faults.add(path, unknownField(name, [...source.fields.keys()], place));
  return null;
}

function unknownField(name: string, fields: string[], place: Place): string {
  if (name === CONTEXT) return `names "context", ${AS_IT_IS}`;
  if (name.startsWith(`${CONTEXT}.`)) return `names a part of "context", ${AS_IT_IS}`;
  return unknownName('field', name, fields, place);
}
