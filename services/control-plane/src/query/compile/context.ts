import { type AnyBucket, type CompiledBucket, compileBucket } from './buckets.js';
import type { Faults } from './faults.js';
import type { Source } from './source.js';
import type { Expression, Parameters } from './sql.js';

/** One thing a query computes: a group key, an aggregate, or a value of a raw row. */
export interface Output extends Expression {
  /** The same for the same computation, however often a query asks for it. */
  id: string;
  /** What it is when nothing is stored: a count is 0, everything else null. */
  empty: '0' | null;
  /** What is sorted to compute it; aggregates that sort the same share it. Absent: nothing. */
  sorts?: string;
  bucket?: CompiledBucket;
}

/** An {@link Output} with its name in the answer. */
export interface Column {
  name: string;
  output: Output;
}

/** What the parts of one query are compiled with. */
export interface CompileContext {
  source: Source;
  parameters: Parameters;
  faults: Faults;
  /** A bucket, the same object for the same bucket; null after adding a fault. */
  bucket(item: AnyBucket, path: string): CompiledBucket | null;
}

/** A context for one query. */
export function createContext(source: Source, parameters: Parameters, faults: Faults): CompileContext {
  const buckets = new Map<string, CompiledBucket | null>();
  const tools = { source, parameters, faults };
  return {
    ...tools,
    bucket(item, path) {
      const id = `${item.bucket} of ${item.field} in ${item.timezone ?? 'UTC'}`;
      const known = buckets.get(id);
      if (known !== undefined) return known;
      const compiled = compileBucket(item, id, path, tools);
      // Remembered only when sound: the same fault elsewhere is reported there too.
      if (compiled !== null) buckets.set(id, compiled);
      return compiled;
    },
  };
}

/** A field or bucket as an output. */
export function plainOutput(id: string, expression: Expression, bucket?: CompiledBucket): Output {
  const { sql, type, nullable } = expression;
  return { id, sql, type, nullable, empty: null, ...(bucket && { bucket }) };
}
