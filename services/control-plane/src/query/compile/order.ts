import type { OrderItem, Query } from '@loguro/types';
import { aggregateOutput } from './aggregates.js';
import { type Column, type CompileContext, type Output, plainOutput } from './context.js';
import { unknownName } from './names.js';
import type { Outputs } from './outputs.js';
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
    const output = outputs.grouped ? groupedTerm(item, path, outputs, context) : rawTerm(item, path, outputs, context);
    if (output === null) return;
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

function groupedTerm(item: OrderItem, path: string, outputs: Outputs, context: CompileContext): Output | null {
  const { faults, source } = context;
  if (!checkShape(item, path, context)) return null;
  if (item.aggregate !== undefined)
    return aggregateOutput({ ...item, aggregate: item.aggregate }, source, path, faults);
  if (item.bucket !== undefined) return bucketTerm(item, path, outputs.keys, context);
  const name = item.field as string;
  const found = columnNamed(name, [...outputs.columns, ...outputs.keys]);
  if (found !== null) return found;
  const reason = source.fields.has(name)
    ? `must be in "groupBy", or a column of the answer: ${JSON.stringify(name)}`
    : unknownName('column or group key', name, names(outputs));
  faults.add(`${path}.field`, reason);
  return null;
}

function rawTerm(item: OrderItem, path: string, outputs: Outputs, context: CompileContext): Output | null {
  if (!checkShape(item, path, context)) return null;
  if (item.aggregate !== undefined) {
    context.faults.add(`${path}.aggregate`, 'needs a query with "groupBy" or aggregates in "select"');
    return null;
  }
  if (item.bucket !== undefined) return bucketTerm(item, path, null, context);
  const name = item.field as string;
  const found = columnNamed(name, outputs.columns);
  if (found !== null) return found;
  const field = fieldExpression(context.source, name, `${path}.field`, context.faults);
  return field && plainOutput(name, field);
}

function bucketTerm(item: OrderItem, path: string, keys: Column[] | null, context: CompileContext): Output | null {
  if (item.bucket === undefined) return null;
  const bucket = context.bucket({ ...item, bucket: item.bucket }, path);
  if (bucket === null || keys === null || keys.some(({ output }) => output.id === bucket.id)) {
    return bucket && plainOutput(bucket.id, bucket, bucket);
  }
  context.faults.add(path, `is a bucket that is not in "groupBy"`);
  return null;
}

function checkShape(item: OrderItem, path: string, { faults }: CompileContext): boolean {
  if (item.aggregate !== undefined && item.bucket !== undefined) {
    faults.add(path, 'can\'t be both an "aggregate" and a "bucket"');
    return false;
  }
  if (item.field !== undefined || item.aggregate !== undefined) return true;
  faults.add(
    path,
    item.bucket === undefined ? 'needs a "field" or an "aggregate"' : 'needs a "field" for its "bucket"',
  );
  return false;
}

/** The column of that name, or null. */
export function columnNamed(name: string, columns: readonly Column[]): Output | null {
  return columns.find((column) => column.name === name)?.output ?? null;
}

/** All names a condition over groups, or their order, can use. */
export function names({ columns, keys }: Outputs): string[] {
  return [...new Set([...columns, ...keys].map(({ name }) => name))];
}
