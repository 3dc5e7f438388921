import type { BaseOf, Fields } from '../fields.js';
import {
  CONDITIONS,
  comparison,
  type HavingBuilder,
  type HavingOperand,
  type HavingType,
  type InputScalar,
  toScalar,
  type WhereBuilder,
} from './conditions.js';
import type { Expression } from './expressions.js';
import type { ColumnsIn, EmptyState, Filled, Grouped, QueryState, RowIn, Selected } from './query-state.js';
import type { BucketFor, Operand, OperatorFor, Queryable, Selectable, TypeOf } from './row-types.js';
import { allPages, type QueryRunner, type RunOptions } from './run.js';
import { type TailOptions, type TailRow, tailRows } from './tail.js';
import type {
  BucketItem,
  Condition,
  HavingCondition,
  Operator,
  OrderItem,
  Query,
  QueryExplanation,
  QueryResult,
  SelectItem,
  TailRequest,
} from './wire.js';

const SPAN_MS = { minutes: 60_000, hours: 3_600_000, days: 86_400_000, weeks: 604_800_000 } as const;
type Comparand = InputScalar | readonly InputScalar[];

/** What a query is made of: the wire form, and a range that ends when it is run. */
interface Draft {
  query: Query;
  lastMs?: number;
}

/**
 * A query, put together step by step. Every step returns a new one and leaves the old as it was, so a common start can
 * be shared. Rows are typed from what is selected.
 *
 * @typeParam F the fields of the dataset
 * @typeParam S what is known of the answer; filled in by the steps
 */
export class QueryBuilder<F extends Fields, S extends QueryState = EmptyState> {
  readonly #runner: QueryRunner;
  readonly #draft: Draft;

  /** Made by `DatasetQueryClient.from`. */
  constructor(runner: QueryRunner, draft: Draft = { query: {} }) {
    this.#runner = runner;
    this.#draft = draft;
  }

  /**
   * The columns of the answer: field names, aggregates and time buckets. Without it, a query counts. Together with
   * `groupBy`, every plain field must be a group key.
   *
   * @example query.select('country', count().as('orders'), avg('amount'))
   */
  select<const Items extends readonly [Selectable<F>, ...Selectable<F>[]]>(
    ...items: Items
  ): QueryBuilder<F, Selected<S, F, Items>> {
    return this.#with({ select: (items as readonly (string | Expression)[]).map(toSelectItem) });
  }

  /**
   * Only records for which the comparison is true; several all hold. With a function, groups of conditions:
   *
   * @example query.where('plan', '=', 'pro').where(({ is, or }) => or(is('country', '=', 'RO'), is('amount', '>', 100)))
   */
  where<const Name extends Queryable<F>, const Op extends OperatorFor<BaseOf<TypeOf<F, Name>>>>(
    field: Name,
    op: Op,
    ...value: Operand<BaseOf<TypeOf<F, Name>>, Op>
  ): QueryBuilder<F, S>;
  where(build: (conditions: WhereBuilder<F>) => Condition): QueryBuilder<F, S>;
  where(
    first: string | ((conditions: WhereBuilder<F>) => Condition),
    op?: Operator,
    ...value: Comparand[]
  ): QueryBuilder<F, S> {
    const condition =
      typeof first === 'function'
        ? first(CONDITIONS as unknown as WhereBuilder<F>)
        : (comparison(first, op as Operator, value) as Condition);
    return this.#with({ where: [...(this.#draft.query.where ?? []), condition] });
  }

  /**
   * One row for each combination of these: fields, time buckets, or names of buckets in `select`. A bucket is a column
   * of the answer by itself.
   *
   * @example query.select(sum('amount')).groupBy(bucket('day'))
   */
  groupBy<const Keys extends readonly (Queryable<F> | BucketFor<F> | (keyof S['selected'] & string))[]>(
    ...keys: Keys
  ): QueryBuilder<F, Grouped<S, F, Keys>> {
    const items = (keys as readonly (string | Expression)[]).map((key) =>
      typeof key === 'string' ? key : (toSelectItem(key) as BucketItem),
    );
    return this.#with({ groupBy: [...(this.#draft.query.groupBy ?? []), ...items] });
  }

  /** Only groups for which the comparison is true: of a column of the answer, a group key, or an aggregate. */
  having<
    const Left extends HavingOperand<F, ColumnsIn<S>>,
    const Op extends OperatorFor<HavingType<F, ColumnsIn<S>, Left>>,
  >(left: Left, op: Op, ...value: Operand<HavingType<F, ColumnsIn<S>, Left>, Op>): QueryBuilder<F, S>;
  having(build: (conditions: HavingBuilder<F, ColumnsIn<S>>) => HavingCondition): QueryBuilder<F, S>;
  having(
    first: string | Expression | ((conditions: HavingBuilder<F, ColumnsIn<S>>) => HavingCondition),
    op?: Operator,
    ...value: Comparand[]
  ): QueryBuilder<F, S> {
    const condition =
      typeof first === 'function'
        ? first(CONDITIONS as unknown as HavingBuilder<F, ColumnsIn<S>>)
        : comparison(first, op as Operator, value);
    return this.#with({ having: [...(this.#draft.query.having ?? []), condition] });
  }

  /** Orders by a column of the answer, a field, an aggregate or a bucket. Nulls come last either way. */
  orderBy(
    by: (keyof ColumnsIn<S> & string) | Queryable<F> | Exclude<Selectable<F>, string>,
    direction: 'asc' | 'desc' = 'asc',
  ): QueryBuilder<F, S> {
    const item: OrderItem = { ...toSelectItem(by), direction };
    return this.#with({ orderBy: [...(this.#draft.query.orderBy ?? []), item] });
  }

  /** Records from this instant to that, both included. Without a range: the last 7 days. */
  range(from: string | Date, to?: string | Date): QueryBuilder<F, S> {
    const range = { from: toScalar(from) as string, ...(to !== undefined && { to: toScalar(to) as string }) };
    return new QueryBuilder(this.#runner, { query: { ...this.#draft.query, range } });
  }

  /** Records of the time before the query runs. */
  last(amount: number, span: keyof typeof SPAN_MS): QueryBuilder<F, S> {
    const { range: _, ...query } = this.#draft.query;
    return new QueryBuilder(this.#runner, { query, lastMs: amount * SPAN_MS[span] });
  }

  /** At most this many rows. One `run` gives at most 1000; pages and streams go on. Default for `run`: 100, with `fill` 1000. */
  limit(rows: number): QueryBuilder<F, S> {
    return this.#with({ limit: rows });
  }

  /** With one time bucket in `groupBy`: also answers the buckets without records, so that charts have no holes. */
  fill(): QueryBuilder<F, Filled<S>> {
    return this.#with({ fill: true });
  }

  /** Goes on after a page: its `nextCursor`, with the same query. {@link QueryBuilder.pages} does that by itself. */
  cursor(cursor: string): QueryBuilder<F, S> {
    return this.#with({ cursor });
  }

  /** Asks for one page. */
  run(options?: RunOptions): Promise<QueryResult<RowIn<S>>> {
    return this.#runner.run(this.toJSON(), options);
  }

  /** The rows of one page. */
  async rows(options?: RunOptions): Promise<RowIn<S>[]> {
    return (await this.run(options)).rows;
  }

  /** The first row, or undefined. */
  async first(options?: RunOptions): Promise<RowIn<S> | undefined> {
    return (await this.limit(1).rows(options))[0];
  }

  /** Page after page, as far as there are rows and `limit` allows. Groups come as one page, of 1000 at the most. */
  pages(options: RunOptions & { pageSize?: number } = {}): AsyncGenerator<QueryResult<RowIn<S>>, void, undefined> {
    return allPages(this.#runner, this.toJSON(), options);
  }

  /** Row after row, all there are: records in pages, so that it may take its time; groups, which have no pages, as a stream. */
  async *[Symbol.asyncIterator](): AsyncGenerator<RowIn<S>, void, undefined> {
    if (isGrouped(this.#draft.query)) yield* this.stream();
    else for await (const page of this.pages()) yield* page.rows;
  }

  /** Row after row out of one answer of any size, in constant memory; without `limit`, all of them. */
  stream(options?: RunOptions): AsyncGenerator<RowIn<S>, void, undefined> {
    return this.#runner.stream(this.toJSON(), options);
  }

  /** The same as CSV with a header line, as bytes. */
  csv(options?: RunOptions): Promise<ReadableStream<Uint8Array>> {
    return this.#runner.open(this.toJSON(), 'text/csv', options);
  }

  /**
   * Records as they arrive, whatever their timestamps, until the signal fires or the loop is left. Takes `select`, of
   * fields alone, and `where`; by default every field.
   *
   * @throws TypeError when the query says anything else
   */
  tail(options: TailOptions = {}): AsyncGenerator<TailRow<F, S>, void, undefined> {
    const { select, where, ...rest } = this.toJSON();
    const [other] = Object.keys(rest);
    if (other !== undefined) throw new TypeError(`a tail has no ${other}: it takes select and where`);
    const request = { ...(select && { select }), ...(where && { where }) };
    return tailRows(this.#runner, request as TailRequest, options);
  }

  /** The SQL, its parameters and the planner's estimate, without running it. */
  explain(options?: RunOptions): Promise<QueryExplanation> {
    return this.#runner.explain(this.toJSON(), options);
  }

  /** The query as it travels. A range of {@link QueryBuilder.last} starts from now. */
  toJSON(): Query {
    const { query, lastMs } = this.#draft;
    return lastMs === undefined ? query : { ...query, range: { from: new Date(Date.now() - lastMs).toISOString() } };
  }

  #with<Next extends QueryState>(patch: Query): QueryBuilder<F, Next> {
    return new QueryBuilder(this.#runner, { ...this.#draft, query: { ...this.#draft.query, ...patch } });
  }
}

/** Whether rows of the answer stand for groups of records. */
function isGrouped({ select, groupBy, having }: Query): boolean {
  return !select || !!groupBy || !!having || select.some(({ aggregate }) => aggregate !== undefined);
}

function toSelectItem(item: string | Expression): SelectItem {
  return typeof item === 'string' ? { field: item } : item.item;
}
