import { AGGREGATES, BUCKETS, insteadOf } from '@loguro/types';

/** What to say about a name that is not known. */
export function unknownName(kind: string, name: string, known: readonly string[]): string {
  return `names no ${kind}: ${JSON.stringify(name)}${asWritten(name) ?? insteadOf(name, known)}`;
}

const CALL = /^(\w+)(?:\(\s*(\w+|\*)?\s*\))?$/;

/** Aggregates and buckets stand as names, or as calls, where people think of SQL. */
function asWritten(name: string): string | undefined {
  const [, word = '', argument] = CALL.exec(name.toLowerCase()) ?? [];
  if (isOneOf(AGGREGATES, word)) {
    const field = argument === undefined || argument === '*' ? {} : { field: name.slice(word.length + 1, -1).trim() };
    return `; an aggregate is written as ${JSON.stringify({ aggregate: word, ...field })}`;
  }
  if (!isOneOf(BUCKETS, word)) return undefined;
  return `; a bucket is written as ${JSON.stringify({ bucket: word, field: 'timestamp' })}`;
}

function isOneOf(names: readonly string[], word: string): boolean {
  return names.includes(word);
}
