import { type Query, RESERVED_FIELD_PREFIX, type SelectItem } from '@loguro/types';
import { aggregateOutput } from './aggregates.js';
import { type Column, type CompileContext, type Output, plainOutput } from './context.js';
import { bucketColumn, compileKeys, keyOfField, otherZone } from './keys.js';
import { unknownName } from './names.js';
import { CONTEXT, fieldExpression } from './source.js';
import { quoteIdentifier } from './sql.js';

/** What a query computes, and how its answer is laid out. */
export interface Outputs {
  /** Whether rows of the answer are groups of records rather than records. */
  grouped: boolean;
  /** Group keys in order, by the name under which the query knows them. */
  keys: Column[];
  columns: Column[];
  /** Whether nothing was selected, so that records are counted. */
  counted: boolean;
}

/** A column, and where in the query it comes from. */
interface PlacedColumn extends Column {
  path: string;
}

/** Reads `select` and `groupBy` together, because each may name a bucket that the other declares. */
export function compileOutputs(query: Query, context: CompileContext): Outputs {
  const groupBy = query.groupBy ?? [];
  const select = query.select ?? [{ aggregate: 'count' as const }];
  const grouped =
    groupBy.length > 0 || query.having !== undefined || select.some(({ aggregate }) => aggregate !== undefined);
  const keys = compileKeys(query, select, context);
  const selected = select.flatMap((item, i): PlacedColumn[] => {
    const path = `select[${i}]`;
    const column = grouped ? groupedColumn(item, path, keys, context) : rawColumn(item, path, context);
    if (column === null) return [];
    checkName(column.name, `${path}.as`, context);
    return [{ ...column, path: query.select === undefined ? 'select' : path }];
  });
  const implied = impliedColumns(query, keys, selected).map((column) => ({ ...column, path: 'groupBy' }));
  const columns = [...implied, ...selected];
  checkUnique(query, keys, columns, context);
  return { grouped, keys, columns, counted: query.select === undefined };
}

/** What a name means in `having` and `orderBy`: a column of the answer, else a group key, by its own name or its field's. */
export function outputNamed(name: string, { columns, keys }: Outputs): Output | null {
  const column = columns.find((one) => one.name === name) ?? keys.find((key) => key.name === name);
  return (column ?? keyOfField(name, keys))?.output ?? null;
}

/** All names that {@link outputNamed} knows, but for fields of keys that have another name. */
export function names({ columns, keys }: Outputs): string[] {
  return [...new Set([...columns, ...keys].map(({ name }) => name))];
}

function groupedColumn(item: SelectItem, path: string, keys: Column[], context: CompileContext): Column | null {
  const { faults, source } = context;
  if (!checkShape(item, path, context)) return null;
  if (item.aggregate !== undefined) {
    const output = aggregateOutput({ ...item, aggregate: item.aggregate }, source, path, faults);
    return output && { name: item.as ?? defaultName(item), output };
  }
  if (item.bucket !== undefined) {
    const column = bucketColumn(item, path, context);
    if (column === null || keys.some(({ output }) => output.id === column.output.id)) return column;
    const { bucket } = column.output;
    const zone = bucket && otherZone(bucket, keys);
    faults.add(path, zone ?? `must be in "groupBy": add ${JSON.stringify(column.name)}, or leave it out`);
    return null;
  }
  const name = item.field as string;
  const key = keys.find((candidate) => candidate.name === name) ?? keyOfField(name, keys);
  if (key !== undefined) return { name: item.as ?? name, output: key.output };
  faults.add(`${path}.field`, notAKey(name, keys, context));
  return null;
}

function notAKey(name: string, keys: Column[], { source }: CompileContext): string {
  if (name === CONTEXT) return 'names "context", which only raw rows have: take it out, or "groupBy" and aggregates';
  if (source.fields.has(name)) return `must be in "groupBy": add ${JSON.stringify(name)}, or aggregate it`;
  return unknownName(
    keys.length === 0 ? 'field' : 'field or group key',
    name,
    [...source.fields.keys(), ...keys.map((key) => key.name)],
    'select',
  );
}

function rawColumn(item: SelectItem, path: string, context: CompileContext): Column | null {
  if (!checkShape(item, path, context)) return null;
  if (item.bucket !== undefined) return bucketColumn(item, path, context);
  const name = item.field as string;
  if (name === CONTEXT) {
    const context = { sql: quoteIdentifier(CONTEXT), type: 'object' as const, nullable: false };
    return { name: item.as ?? name, output: plainOutput(name, context) };
  }
  const field = fieldExpression(context.source, name, `${path}.field`, context.faults);
  return field && { name: item.as ?? name, output: plainOutput(name, field) };
}

/** An item is a field, an aggregate or a bucket; `timezone` goes with a bucket. */
function checkShape(item: SelectItem, path: string, { faults }: CompileContext): boolean {
  if (item.aggregate !== undefined && item.bucket !== undefined) {
    faults.add(path, 'can\'t be both an "aggregate" and a "bucket"');
    return false;
  }
  if (item.timezone !== undefined && item.bucket === undefined) {
    faults.add(`${path}.timezone`, 'goes with a "bucket" only');
  }
  if (item.field !== undefined || item.aggregate !== undefined || item.bucket !== undefined) return true;
  faults.add(path, 'needs a "field", an "aggregate" or a "bucket"');
  return false;
}

function defaultName({ aggregate, field }: SelectItem): string {
  return field === undefined ? (aggregate as string) : `${aggregate}_${field}`;
}

/**
 * Columns the answer has without being asked: all group keys when there is no `select`, and else the buckets
 * that `groupBy` declares, since it is there that they got their names.
 */
function impliedColumns(query: Query, keys: Column[], selected: Column[]): Column[] {
  if (query.select === undefined) return keys;
  const declared = new Set(
    (query.groupBy ?? []).flatMap((item) => (typeof item === 'string' ? [] : [item.as ?? item.bucket])),
  );
  return keys.filter(
    ({ name, output }) =>
      declared.has(name) && output.bucket && !selected.some((column) => column.output.id === output.id),
  );
}

function checkName(name: string, path: string, { faults }: CompileContext): void {
  if (name.startsWith(RESERVED_FIELD_PREFIX)) faults.add(path, 'must not start with "__", which is reserved');
}

/** Two columns of one name would be one in the rows; a column called as another group key would stand for it unnoticed. */
function checkUnique(query: Query, keys: Column[], columns: PlacedColumn[], { faults }: CompileContext): void {
  const seen = new Set<string>();
  for (const { name, output, path } of columns) {
    const key = keys.find((one) => one.name === name);
    const quoted = JSON.stringify(name);
    if (seen.has(name)) faults.add(path, secondColumn(query, quoted));
    else if (key !== undefined && key.output.id !== output.id) {
      faults.add(path, `is called ${quoted}, as a group key that is something else; name it differently with "as"`);
    }
    seen.add(name);
  }
}

function secondColumn({ select }: Query, quoted: string): string {
  if (select !== undefined) return `makes a second column ${quoted}; name it with "as"`;
  const count = `{"aggregate":"count","as":"records"}`;
  return `is a count by default, which makes a second column ${quoted}; select the group keys and ${count}`;
}
