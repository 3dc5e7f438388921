import { type Query, RESERVED_FIELD_PREFIX, type SelectItem } from '@loguro/types';
import { aggregateOutput } from './aggregates.js';
import { type Column, type CompileContext, plainOutput } from './context.js';
import { CONTEXT, fieldExpression } from './source.js';
import { quoteIdentifier } from './sql.js';

/** What a query computes, and how its answer is laid out. */
export interface Outputs {
  /** Whether rows of the answer are groups of records rather than records. */
  grouped: boolean;
  /** Group keys in order, by the name under which the query knows them. */
  keys: Column[];
  columns: Column[];
}

/** Reads `select` and `groupBy` together, because each may name a bucket that the other declares. */
export function compileOutputs(query: Query, context: CompileContext): Outputs {
  const groupBy = query.groupBy ?? [];
  const select = query.select ?? [{ aggregate: 'count' as const }];
  const grouped =
    groupBy.length > 0 || query.having !== undefined || select.some(({ aggregate }) => aggregate !== undefined);
  const keys = compileKeys(groupBy, select, context);
  const selected = select.flatMap((item, i): Column[] => {
    const path = `select[${i}]`;
    const column = grouped ? groupedColumn(item, path, keys, context) : rawColumn(item, path, context);
    if (column === null) return [];
    checkName(column.name, `${path}.as`, context);
    return [column];
  });
  const columns = [...impliedColumns(query, keys, selected), ...selected];
  const pathOf = query.select === undefined ? () => 'select' : (i: number) => `select[${i}]`;
  checkUnique(columns, columns.length - selected.length, pathOf, context);
  return { grouped, keys, columns };
}

function compileKeys(groupBy: NonNullable<Query['groupBy']>, select: SelectItem[], context: CompileContext): Column[] {
  const keys: Column[] = [];
  groupBy.forEach((item, i) => {
    const path = `groupBy[${i}]`;
    const key = typeof item === 'string' ? keyNamed(item, path, select, context) : bucketColumn(item, path, context);
    if (key === null) return;
    if (keys.some(({ output }) => output.id === key.output.id)) context.faults.add(path, 'is a group key already');
    else keys.push(key);
  });
  return keys;
}

/** A group key given by name: a bucket in `select` first, then a field. */
function keyNamed(name: string, path: string, select: SelectItem[], context: CompileContext): Column | null {
  const at = select.findIndex(({ bucket, as }) => bucket !== undefined && (as ?? bucket) === name);
  const item = select[at];
  if (item !== undefined) return bucketColumn(item, `select[${at}]`, context);
  const field = fieldExpression(context.source, name, path, context.faults);
  return field && { name, output: plainOutput(name, field) };
}

function bucketColumn(item: SelectItem, path: string, context: CompileContext): Column | null {
  if (item.bucket === undefined) return null;
  const bucket = context.bucket({ ...item, bucket: item.bucket }, path);
  return bucket && { name: item.as ?? item.bucket, output: plainOutput(bucket.id, bucket, bucket) };
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
    faults.add(path, `must be in "groupBy": add ${JSON.stringify(column.name)}, or leave it out`);
    return null;
  }
  const name = item.field as string;
  const key = keys.find((candidate) => candidate.name === name);
  if (key !== undefined) return { name: item.as ?? name, output: key.output };
  if (fieldExpression(source, name, `${path}.field`, faults) !== null) {
    faults.add(`${path}.field`, `must be in "groupBy": add ${JSON.stringify(name)}, or aggregate it`);
  }
  return null;
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

function checkUnique(
  columns: Column[],
  implied: number,
  pathOf: (selected: number) => string,
  { faults }: CompileContext,
): void {
  const seen = new Set<string>();
  columns.forEach(({ name }, i) => {
    const path = i < implied ? 'groupBy' : pathOf(i - implied);
    if (seen.has(name)) faults.add(path, `makes a second column ${JSON.stringify(name)}; name it with "as"`);
    seen.add(name);
  });
}
