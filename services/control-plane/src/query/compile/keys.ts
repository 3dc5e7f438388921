import type { Query, SelectItem } from '@loguro/types';
import type { CompiledBucket } from './buckets.js';
import { type Column, type CompileContext, plainOutput } from './context.js';
import { unknownName } from './names.js';
import { CONTEXT, fieldExpression } from './source.js';

/** The group keys in order, by the name under which the query knows them: no two have one name, or are the same. */
export function compileKeys({ groupBy = [] }: Query, select: SelectItem[], context: CompileContext): Column[] {
  const { faults } = context;
  const keys: Column[] = [];
  groupBy.forEach((item, i) => {
    const path = `groupBy[${i}]`;
    const named = typeof item === 'string';
    const key = named ? keyNamed(item, path, { select, keys, context }) : bucketColumn(item, path, context);
    if (key === null) return;
    const same = keys.find(({ output }) => output.id === key.output.id);
    if (same !== undefined) {
      faults.add(path, `is a group key already${same.name === key.name ? '' : `, as ${JSON.stringify(same.name)}`}`);
    } else if (keys.some(({ name }) => name === key.name)) {
      const problem = `makes a second group key ${JSON.stringify(key.name)}; name the bucket with "as"`;
      faults.add(named ? path : `${path}.as`, problem);
    } else keys.push(key);
  });
  return keys;
}

/** A group key given by name: a bucket in `select`, else a field, else a field that `select` calls so. */
function keyNamed(
  name: string,
  path: string,
  { select, keys, context }: { select: SelectItem[]; keys: Column[]; context: CompileContext },
): Column | null {
  const { source, faults } = context;
  const at = select.findIndex(({ bucket, as }) => bucket !== undefined && (as ?? bucket) === name);
  const bucket = select[at];
  if (bucket !== undefined) return bucketColumn(bucket, `select[${at}]`, context);
  const asked = source.fields.has(name) ? undefined : select.find(({ as }) => as === name);
  if (asked?.aggregate !== undefined) {
    faults.add(path, `names an aggregate; groups are made of fields and time buckets: ${JSON.stringify(name)}`);
    return null;
  }
  const field = asked?.field ?? name;
  if (source.fields.has(field) || field.startsWith(CONTEXT)) {
    const expression = fieldExpression(source, field, path, faults, 'groupBy');
    return expression && { name, output: plainOutput(field, expression) };
  }
  const before = keys.find((key) => key.name === name);
  if (before !== undefined) return before;
  const aliases = select.flatMap(({ aggregate, as }) => (aggregate === undefined && as !== undefined ? [as] : []));
  faults.add(
    path,
    unknownName('field', field, [...source.fields.keys(), ...aliases.filter((as) => as !== name)], 'groupBy'),
  );
  return null;
}

/** A bucket of `select` or `groupBy` under its name; null when the item is none, or after adding a fault. */
export function bucketColumn(item: SelectItem, path: string, context: CompileContext): Column | null {
  if (item.bucket === undefined) return null;
  const bucket = context.bucket({ ...item, bucket: item.bucket }, path);
  return bucket && { name: item.as ?? item.bucket, output: plainOutput(bucket.id, bucket, bucket) };
}

/** The group key that is a plain field, whatever its name. */
export function keyOfField(field: string, keys: readonly Column[]): Column | undefined {
  return keys.find(({ output }) => output.bucket === undefined && output.id === field);
}

/** What to say of a bucket that is no group key, when there is one that only its time zone tells apart; else null. */
export function otherZone({ bucket, field, timezone }: CompiledBucket, keys: readonly Column[]): string | null {
  const near = keys.find(({ output }) => output.bucket?.bucket === bucket && output.bucket.field === field);
  if (near?.output.bucket === undefined) return null;
  const zone = JSON.stringify(near.output.bucket.timezone);
  const byName = JSON.stringify({ field: near.name });
  return `is in the time zone "${timezone}", but in "groupBy" it is in ${zone}: use that, or say ${byName}`;
}
