import {
  AGGREGATES,
  type Aggregate,
  BUCKETS,
  type Bucket,
  type BucketItem,
  nearestName,
  type OrderItem,
  type SelectItem,
} from '@loguro/types';
import { CliError } from '../cli-error.js';

const TERM = /^\s*(\w+)\s*(\(\s*(\w*)\s*\))?(?:\s+as\s+(\w+))?\s*$/i;

/** `country`, `sum(amount) as total`, `count()`, `day(timestamp)`: what a query selects, groups or orders by. */
export interface Term {
  field?: string;
  aggregate?: Aggregate;
  bucket?: Bucket;
  as?: string;
}

/**
 * Reads one term. A bare `count` is the aggregate, as nobody means anything else by it.
 *
 * @param flag named in the error
 */
export function parseTerm(text: string, flag: string): Term {
  const match = TERM.exec(text);
  if (match === null) {
    throw new CliError(`${flag} "${text}" can't be read.`, {
      hints: [`Write a field, an aggregate or a time bucket: country, sum(amount) as total, count(), day(timestamp)`],
    });
  }
  const [, name = '', call, argument = '', as] = match;
  const alias = as === undefined ? {} : { as };
  const word = name.toLowerCase();
  if (call === undefined) return word === 'count' ? { aggregate: 'count', ...alias } : { field: name, ...alias };
  const field = argument === '' ? {} : { field: argument };
  if (isOneOf(word, AGGREGATES)) return { aggregate: word, ...field, ...alias };
  if (isOneOf(word, BUCKETS)) return { bucket: word, field: argument === '' ? 'timestamp' : argument, ...alias };
  const known = [...AGGREGATES, ...BUCKETS];
  const near = nearestName(word, known);
  throw new CliError(`${flag} "${text}": there is no "${name}".`, {
    hints: [...(near ? [`Did you mean ${near}?`] : []), `There are ${known.join(', ')}.`],
  });
}

/** Splits at commas outside parentheses: `country, sum(amount)`. */
export function parseTerms(texts: readonly string[], flag: string): Term[] {
  return texts
    .flatMap((text) => text.split(/,(?![^(]*\))/))
    .filter((text) => text.trim() !== '')
    .map((text) => parseTerm(text, flag));
}

/** The terms of `--select`. */
export function toSelect(terms: readonly Term[], timezone: string | undefined): SelectItem[] {
  return terms.map((term) => inZone(term, timezone));
}

/** The terms of `--group-by`: fields and buckets. */
export function toGroupBy(terms: readonly Term[], timezone: string | undefined): (string | BucketItem)[] {
  return terms.map((term) => {
    if (term.bucket !== undefined && term.field !== undefined) {
      return inZone({ ...term, bucket: term.bucket, field: term.field }, timezone);
    }
    if (term.field !== undefined && term.aggregate === undefined) return term.field;
    throw new CliError(`--group-by can't group by the aggregate ${term.aggregate}.`, {
      hints: ['Group by fields and time buckets; put aggregates into --select.'],
    });
  });
}

/** `-events`, `events desc`, `sum(amount)`: the terms of `--order-by`. */
export function toOrderBy(texts: readonly string[], timezone: string | undefined): OrderItem[] {
  return texts
    .flatMap((text) => text.split(/,(?![^(]*\))/))
    .map((text) => {
      const [, minus, rest = '', word] = /^\s*(-?)(.*?)(?:\s+(asc|desc))?\s*$/i.exec(text) ?? [];
      const descending = minus === '-' || word?.toLowerCase() === 'desc';
      const term = parseTerm(rest, '--order-by');
      // A column of the answer may well be called count.
      const by = term.aggregate === 'count' && !rest.includes('(') ? { field: 'count' } : inZone(term, timezone);
      return { ...by, direction: descending ? 'desc' : 'asc' };
    });
}

function inZone<T extends Term>(term: T, timezone: string | undefined): T & { timezone?: string } {
  return term.bucket === undefined || timezone === undefined ? term : { ...term, timezone };
}

function isOneOf<T extends string>(word: string, words: readonly T[]): word is T {
  return (words as readonly string[]).includes(word);
}
