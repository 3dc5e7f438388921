import { AGGREGATES, BUCKETS, insteadOf } from '@loguro/types';

/** Where a name stands: what may stand there besides a name differs. An argument is that of an aggregate or a bucket. */
export type Place = 'select' | 'where' | 'groupBy' | 'having' | 'orderBy' | 'argument';

/** What to say about a name that is not known. */
export function unknownName(kind: string, name: string, known: readonly string[], place: Place): string {
  if (name === '*') return `must name one ${kind}${insteadOf(name, known)}`;
  return `names no ${kind}: ${JSON.stringify(name)}${asWritten(name, place) ?? insteadOf(name, known)}`;
}

const CALL = /^(\w+)(?:\(\s*(\w+|\*)?\s*\))?$/;

/** Aggregates and buckets stand as names, or as calls, where people think of SQL. */
function asWritten(name: string, place: Place): string | undefined {
  const [, word = '', argument] = CALL.exec(name.toLowerCase()) ?? [];
  if (isOneOf(AGGREGATES, word)) {
    const named = argument !== undefined && argument !== '*';
    const field = named ? name.slice(word.length + 1, -1).trim() : word === 'count' ? undefined : '…';
    return aggregateIn(place, JSON.stringify({ aggregate: word, field }));
  }
  if (!isOneOf(BUCKETS, word)) return undefined;
  return bucketIn(place, JSON.stringify({ bucket: word, field: 'timestamp' }));
}

function aggregateIn(place: Place, aggregate: string): string | undefined {
  if (place === 'argument') return undefined;
  if (place === 'where') return `; aggregates are compared in "having", as ${aggregate}`;
  if (place === 'groupBy') return '; groups are made of fields and time buckets';
  return `; an aggregate is written as ${aggregate}`;
}

function bucketIn(place: Place, bucket: string): string | undefined {
  if (place === 'argument' || place === 'having') return undefined;
  if (place !== 'where') return `; a bucket is written as ${bucket}`;
  const comparison = { field: 'timestamp', op: '>=', value: '2026-06-10T10:00:00Z' };
  return `; times are compared as they are, such as ${JSON.stringify(comparison)}`;
}

function isOneOf(names: readonly string[], word: string): boolean {
  return names.includes(word);
}
