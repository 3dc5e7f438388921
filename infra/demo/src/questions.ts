import type { Flight } from './flights.js';

/** A row of an answer. */
export type Row = Record<string, string | number>;

/** A question that can be asked of the API and answered from the file. */
export interface Question {
  words: string;
  /** The body of the query, but for the range. */
  query: object;
  /** Hears of every flight, and then knows the answer. */
  tally: Tally;
}

/** Answers a question by looking at each flight once. */
export interface Tally {
  add(flight: Flight): void;
  rows(): Row[];
}

const COUNT = { aggregate: 'count', as: 'flights' };
const average = (field: string, as: string) => ({ aggregate: 'avg', field, as });

/** Three everyday questions. Those that are cut off have an order without ties. */
export function questions(): Question[] {
  return [
    {
      words: 'Which airports are busiest, and how late do their flights leave?',
      query: {
        select: [{ field: 'origin' }, COUNT, average('delay', 'averageDelay')],
        groupBy: ['origin'],
        orderBy: [
          { field: 'flights', direction: 'desc' },
          { field: 'origin', direction: 'asc' },
        ],
        limit: 5,
      },
      tally: tally({
        key: ({ origin }) => ({ origin }),
        value: ({ delay }) => delay,
        row: ({ count, sum }) => ({ flights: count, averageDelay: sum / count }),
        order: (a, b) => number(b.flights) - number(a.flights) || compare(a.origin, b.origin),
        limit: 5,
      }),
    },
    {
      words: 'How do delays differ from day to day?',
      query: {
        select: [{ bucket: 'day', field: 'timestamp', as: 'day' }, COUNT, average('delay', 'averageDelay')],
        groupBy: ['day'],
        orderBy: [{ field: 'day', direction: 'asc' }],
        limit: 1000,
      },
      tally: tally({
        key: ({ timestamp }) => ({ day: `${timestamp.slice(0, 10)}T00:00:00Z` }),
        value: ({ delay }) => delay,
        row: ({ count, sum }) => ({ flights: count, averageDelay: sum / count }),
        order: (a, b) => compare(a.day, b.day),
        limit: 1000,
      }),
    },
    {
      words: 'Of the flights over 1,000 miles that left more than an hour late: where to?',
      query: {
        select: [{ field: 'destination' }, COUNT, { aggregate: 'max', field: 'delay', as: 'worstDelay' }],
        where: [
          { field: 'distance', op: '>', value: 1000 },
          { field: 'delay', op: '>', value: 60 },
        ],
        groupBy: ['destination'],
        orderBy: [
          { field: 'flights', direction: 'desc' },
          { field: 'destination', direction: 'asc' },
        ],
        limit: 5,
      },
      tally: tally({
        only: ({ distance, delay }) => distance > 1000 && delay > 60,
        key: ({ destination }) => ({ destination }),
        value: ({ delay }) => delay,
        row: ({ count, max }) => ({ flights: count, worstDelay: max }),
        order: (a, b) => number(b.flights) - number(a.flights) || compare(a.destination, b.destination),
        limit: 5,
      }),
    },
  ];
}

interface Group {
  count: number;
  sum: number;
  max: number;
}

interface TallyOptions {
  only?: (flight: Flight) => boolean;
  key: (flight: Flight) => Row;
  value: (flight: Flight) => number;
  row: (group: Group) => Row;
  order: (a: Row, b: Row) => number;
  limit: number;
}

function tally({ only = () => true, key, value, row, order, limit }: TallyOptions): Tally {
  const groups = new Map<string, Group & { key: Row }>();
  return {
    add(flight) {
      if (!only(flight)) return;
      const parts = key(flight);
      const id = JSON.stringify(parts);
      const group = groups.get(id) ?? { key: parts, count: 0, sum: 0, max: Number.NEGATIVE_INFINITY };
      const current = value(flight);
      group.count += 1;
      group.sum += current;
      group.max = Math.max(group.max, current);
      groups.set(id, group);
    },
    rows: () =>
      [...groups.values()]
        .map((group) => ({ ...group.key, ...row(group) }))
        .sort(order)
        .slice(0, limit),
  };
}

function number(value: string | number | undefined): number {
  return Number(value);
}

function compare(a: string | number | undefined, b: string | number | undefined): number {
  return String(a) < String(b) ? -1 : 1;
}

/** Relative difference that two ways of averaging the same numbers may show. */
const TOLERANCE = 1e-12;

/** Where two answers differ, in words; empty when they agree. */
export function differences(expected: readonly Row[], actual: readonly Row[]): string[] {
  const faults = expected.length === actual.length ? [] : [`${actual.length} rows instead of ${expected.length}`];
  for (const [i, row] of expected.entries()) {
    for (const [name, value] of Object.entries(row)) {
      const seen = actual[i]?.[name];
      if (!same(value, seen)) faults.push(`row ${i + 1}: ${name} is ${seen}, the file says ${value}`);
    }
  }
  return faults;
}

function same(a: string | number, b: string | number | undefined): boolean {
  if (typeof a !== 'number' || typeof b !== 'number') return a === b || sameInstant(a, b);
  return Math.abs(a - b) <= TOLERANCE * Math.max(Math.abs(a), Math.abs(b));
}

/** The API may write `…00.000Z` for `…00Z`. */
function sameInstant(a: string | number, b: string | number | undefined): boolean {
  const instant = (value: unknown) =>
    /^\d{4}-\d\d-\d\dT/.test(String(value)) ? Date.parse(String(value)) : Number.NaN;
  return instant(a) === instant(b);
}
