import type { BaseOf, FieldBaseType, Fields, FieldType, Simplify } from '../fields.js';
import type { Expression } from './expressions.js';
import type { ColumnType, Operator } from './wire.js';

/** The declared fields and `timestamp`: all that can be filtered, grouped and aggregated. */
export type Queryable<F extends Fields> = (keyof F & string) | 'timestamp';

/** The declared type of a queryable name. */
export type TypeOf<F extends Fields, Name extends string> = Name extends keyof F
  ? F[Name]
  : Name extends 'timestamp'
    ? 'timestamp'
    : never;

/** Names whose base type is one of `Base`. */
type NamesOfType<F extends Fields, Base extends FieldBaseType> = {
  [Name in Queryable<F>]: BaseOf<TypeOf<F, Name>> & Base extends never ? never : Name;
}[Queryable<F>];

type OverNumbers = 'sum' | 'avg' | 'p50' | 'p90' | 'p95' | 'p99';

/** Aggregates that these fields allow. */
export type AggregateFor<F extends Fields> =
  | Expression<'count', Queryable<F> | ''>
  | Expression<'count_distinct', Queryable<F>>
  | Expression<'min' | 'max', NamesOfType<F, 'string' | 'number' | 'timestamp'>>
  | Expression<OverNumbers, NamesOfType<F, 'number'>>;

/** Time buckets that these fields allow. */
export type BucketFor<F extends Fields> = Expression<'bucket', NamesOfType<F, 'timestamp'>>;

/** What `select` takes: a name, an aggregate, a bucket, or a field under another name. */
export type Selectable<F extends Fields> =
  | Queryable<F>
  | 'context'
  | AggregateFor<F>
  | BucketFor<F>
  | Expression<'field', Queryable<F> | 'context'>;

/** A column of the answer, to the compiler. */
export interface ColumnShape {
  type: ColumnType;
  /** Null although its group has records: the field is optional. */
  nullable: boolean;
  /** Null where there is nothing to compute it from: in an empty answer's single row, and in filled buckets. */
  computed: boolean;
}

/** Columns of the answer by name. */
export type Columns = Record<string, ColumnShape>;

type IsOptional<Type extends FieldType> = Type extends `${string}?` ? true : false;

type FieldShape<F extends Fields, Name extends string> = Name extends 'context'
  ? { type: 'object'; nullable: false; computed: false }
  : { type: BaseOf<TypeOf<F, Name>>; nullable: IsOptional<TypeOf<F, Name>>; computed: false };

/** The column that an item of `select` makes. */
export type ShapeOf<F extends Fields, Item> = Item extends string
  ? FieldShape<F, Item>
  : Item extends Expression<infer Kind, infer Name, string>
    ? Kind extends 'count' | 'count_distinct'
      ? { type: 'number'; nullable: false; computed: false }
      : Kind extends 'field' | 'bucket'
        ? FieldShape<F, Name>
        : { type: BaseOf<TypeOf<F, Name>>; nullable: IsOptional<TypeOf<F, Name>>; computed: true }
    : never;

/** The name of the column that an item makes. */
export type NameOf<Item> = Item extends string ? Item : Item extends Expression ? Item['name'] : never;

/** The columns that a list of items makes. */
export type ColumnsOf<F extends Fields, Items extends readonly unknown[]> = {
  [Item in Items[number] as NameOf<Item>]: ShapeOf<F, Item>;
};

interface Values {
  string: string;
  number: number;
  boolean: boolean;
  /** RFC 3339, UTC. */
  timestamp: string;
  object: Record<string, unknown>;
}

/**
 * A row of the answer.
 *
 * @typeParam Certain whether each row stands for at least one record, as group keys without `fill` make sure
 */
export type RowOf<C extends Columns, Certain extends boolean> = Simplify<{
  [Name in keyof C]:
    | Values[C[Name]['type']]
    | (true extends C[Name]['nullable'] ? null : never)
    | (C[Name]['computed'] extends true ? (Certain extends true ? never : null) : never);
}>;

type Textual = 'contains' | 'starts_with';
type Ordering = '>' | '>=' | '<' | '<=';

/** Operators that make sense for a type; for a type that is not known, all. */
export type OperatorFor<Type extends ColumnType> =
  | Exclude<Operator, Textual | Ordering>
  | ('string' extends Type ? Textual : never)
  | (Type & ('string' | 'number' | 'timestamp') extends never ? never : Ordering);

type Comparable<Type extends ColumnType> = Type extends 'timestamp' ? string | Date : Values[Type];

/** The arguments that follow an operator: none, a list, or one value. */
export type Operand<Type extends ColumnType, Op extends Operator> = Op extends 'is_null' | 'is_not_null'
  ? []
  : Op extends 'in' | 'not_in'
    ? [values: readonly (Comparable<Type> | null)[]]
    : Op extends '=' | '!='
      ? [value: Comparable<Type> | null]
      : [value: Comparable<Type>];
