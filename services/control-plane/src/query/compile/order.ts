import type { OrderItem, Query } from '@loguro/types';
import { aggregateOutput } from './aggregates.js';
import { type Column, type CompileContext, type Output, plainOutput } from './context.js';
import { otherZone } from './keys.js';
import { unknownName } from './names.js';
import { names, type Outputs, outputNamed } from './outputs.js';
import { fieldExpression, TIMESTAMP } from './source.js';

/** One term of the order of the answer. */
export interface OrderTerm {
  output: Output;
  descending: boolean;
}

/**
 * The order of the answer, as asked and then made total as far as possible: groups by their keys, raw rows
 * newest first. Without that, equal rows could change places between two runs of one query.
 */
export function compileOrder(query: Query, outputs: Outputs, context: CompileContext): OrderTerm[] {
  const terms: OrderTerm[] = [];
  const push = (output: Output, descending: boolean) => {
    if (!terms.some((term) => term.output.id === output.id)) terms.push({ output, descending });
  };
  query.orderBy?.forEach((item, i) => {
    const path = `orderBy[${i}]`;
    const output = termOf(item, path, outputs, context);
    if (output === null) return;
    checkAlias(item, output, path, outputs, context);
    if (output.type === 'object') context.faults.add(path, 'names "context", which has no order');
    push(output, item.direction === 'desc');
  });
  if (outputs.grouped) for (const key of outputs.keys) push(key.output, false);
  else if (terms.length === 0) {
    const newest = fieldExpression(context.source, TIMESTAMP, '', context.faults);
    if (newest !== null) push(plainOutput(TIMESTAMP, newest), true);
  }
  return terms;
}

function termOf(item: OrderItem, path: string, outputs: Outputs, context: CompileContext): Output | null {
  if (!checkShape(item, path, context)) return null;
  if (item.bucket !== undefined) return bucketTerm(item, path, outputs, context);
  return outputs.grouped ? groupedTerm(item, path, outputs, context) : rawTerm(item, path, outputs, context);
}

function groupedTerm(item: OrderItem, path: string, outputs: Outputs, context: CompileContext): Output | null {
  const { faults, source } = context;
  if (item.aggregate !== undefined)
    return aggregateOutput({ ...item, aggregate: item.aggregate }, source, path, faults);
  const name = item.field as string;
  const found = outputNamed(name, outputs);
  if (found !== null) return found;
  const reason = source.fields.has(name)
    ? notOfGroups(name, outputs)
    : unknownName('column or group key', name, names(outputs), 'orderBy');
  faults.add(`${path}.field`, reason);
  return null;
}

function notOfGroups(field: string, { keys, counted }: Outputs): string {
  if (counted && keys.length === 0) {
    const select = JSON.stringify([{ field }]);
    return `orders records, but without "select" they are counted: add "select", such as ${select}`;
  }
  const aggregate = JSON.stringify({ aggregate: 'max', field });
  return `names a field of records, not of groups: add it to "groupBy", or order by an aggregate, such as ${aggregate}`;
}

function rawTerm(item: OrderItem, path: string, outputs: Outputs, context: CompileContext): Output | null {
  if (item.aggregate !== undefined) {
    context.faults.add(`${path}.aggregate`, 'needs a query with "groupBy" or aggregates in "select"');
    return null;
  }
  const name = item.field as string;
  const found = outputNamed(name, outputs);
  if (found !== null) return found;
  const field = fieldExpression(context.source, name, `${path}.field`, context.faults);
  return field && plainOutput(name, field);
}

function bucketTerm(item: OrderItem, path: string, { grouped, keys }: Outputs, context: CompileContext): Output | null {
  if (item.bucket === undefined) return null;
  const bucket = context.bucket({ ...item, bucket: item.bucket }, path);
  if (bucket === null) return null;
  if (!grouped || keys.some(({ output }) => output.id === bucket.id)) return plainOutput(bucket.id, bucket, bucket);
  context.faults.add(path, otherZone(bucket, keys) ?? notAKey(item, keys));
  return null;
}

function notAKey({ bucket, field, timezone }: OrderItem, keys: readonly Column[]): string {
  const buckets = keys.flatMap(({ name, output }) => (output.bucket ? [JSON.stringify(name)] : []));
  const hint =
    buckets.length > 0 ? `, which has ${buckets}` : `: add ${JSON.stringify({ bucket, field, timezone })} there`;
  return `is a bucket that is not in "groupBy"${hint}`;
}

/** `as` chooses no name here: an item may be repeated as it stands elsewhere in the query, and then says the same. */
function checkAlias(
  { as }: OrderItem,
  output: Output,
  path: string,
  outputs: Outputs,
  { faults }: CompileContext,
): void {
  if (as === undefined) return;
  const all = [...outputs.columns, ...outputs.keys];
  const called = all.filter((column) => column.output.id === output.id).map(({ name }) => name);
  if (called.includes(as)) return;
  if (called[0] !== undefined) {
    faults.add(`${path}.as`, `must be ${JSON.stringify(called[0])}, as it is called in this query, or be left out`);
  } else if (all.some(({ name }) => name === as)) {
    faults.add(`${path}.as`, 'is the name of another column; leave it out');
  }
}

function checkShape(item: OrderItem, path: string, { faults }: CompileContext): boolean {
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
