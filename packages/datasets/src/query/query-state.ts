import type { Fields, Simplify } from '../fields.js';
import type { Expression } from './expressions.js';
import type { Columns, ColumnsOf, Queryable, RowOf } from './row-types.js';

/** What the compiler knows of a query so far. */
export interface QueryState {
  /** Columns of `select`. */
  selected: Columns;
  hasSelect: boolean;
  /** Fields of `groupBy`: columns of the answer only without `select`. */
  keys: Columns;
  /** Time buckets of `groupBy`: always columns of the answer. */
  buckets: Columns;
  grouped: boolean;
  filled: boolean;
}

type NoColumns = Record<never, never>;

/** A query that says nothing yet: it counts. */
export interface EmptyState {
  selected: { count: { type: 'number'; nullable: false; computed: false } };
  hasSelect: false;
  keys: NoColumns;
  buckets: NoColumns;
  grouped: false;
  filled: false;
}

type Change<S extends QueryState, Patch> = {
  [Key in keyof QueryState]: Key extends keyof Patch ? Patch[Key] : S[Key];
};

/** After `select`. */
export type Selected<S extends QueryState, F extends Fields, Items extends readonly unknown[]> = Change<
  S,
  { selected: ColumnsOf<F, Items>; hasSelect: true }
>;

/** After `groupBy`. */
export type Grouped<S extends QueryState, F extends Fields, Keys extends readonly unknown[]> = Change<
  S,
  {
    keys: S['keys'] & ColumnsOf<F, Extract<Keys[number], Queryable<F>>[]>;
    buckets: S['buckets'] & ColumnsOf<F, Extract<Keys[number], Expression>[]>;
    grouped: true;
  }
>;

/** After `fill`. */
export type Filled<S extends QueryState> = Change<S, { filled: true }>;

/** The columns of the answer. */
export type ColumnsIn<S extends QueryState> = Simplify<
  S['buckets'] & S['selected'] & (S['hasSelect'] extends true ? NoColumns : S['keys'])
>;

/** A row of the answer. */
export type RowIn<S extends QueryState> = RowOf<
  ColumnsIn<S>,
  S['grouped'] extends true ? (S['filled'] extends true ? false : true) : false
>;
