import type { Aggregate, Bucket, SelectItem } from './wire.js';

/** What an expression computes. */
export type ExpressionKind = Aggregate | 'bucket' | 'field';

/**
 * Something that can be selected, ordered by, grouped by or compared: an aggregate, a time bucket, or a field under
 * another name. Made by {@link count}, {@link avg}, {@link bucket}, {@link field} and their like.
 */
export class Expression<
  Kind extends ExpressionKind = ExpressionKind,
  Field extends string = string,
  Name extends string = string,
> {
  constructor(
    readonly kind: Kind,
    readonly field: Field,
    /** The name of its column in the answer. */
    readonly name: Name,
    /** As it stands in `select`. */
    readonly item: Readonly<SelectItem>,
  ) {}

  /** The same under another name: letters, digits and `_`, at most 63 characters. */
  as<const Alias extends string>(name: Alias): Expression<Kind, Field, Alias> {
    return new Expression(this.kind, this.field, name, { ...this.item, as: name });
  }
}

/** An aggregate of a field under its default name. */
type AggregateOf<Kind extends Aggregate, Field extends string> = Expression<Kind, Field, `${Kind}_${Field}`>;

function aggregate<const Kind extends Aggregate, const Field extends string>(
  kind: Kind,
  field: Field,
): AggregateOf<Kind, Field> {
  return new Expression(kind, field, `${kind}_${field}`, { aggregate: kind, field });
}

/** How many records; with a field, how many where it is not null. Never null itself. */
export function count(): Expression<'count', '', 'count'>;
export function count<const Field extends string>(field: Field): AggregateOf<'count', Field>;
export function count(field?: string): Expression<'count'> {
  return field === undefined ? new Expression('count', '', 'count', { aggregate: 'count' }) : aggregate('count', field);
}

/** How many different values, null not counted. */
export const countDistinct = <const Field extends string>(field: Field) => aggregate('count_distinct', field);
/** The sum of a number field; null where nothing was summed. */
export const sum = <const Field extends string>(field: Field) => aggregate('sum', field);
/** The mean of a number field; null where there is nothing. */
export const avg = <const Field extends string>(field: Field) => aggregate('avg', field);
/** The least value of a string, number or timestamp field. */
export const min = <const Field extends string>(field: Field) => aggregate('min', field);
/** The greatest value of a string, number or timestamp field. */
export const max = <const Field extends string>(field: Field) => aggregate('max', field);
/** The median of a number field. */
export const p50 = <const Field extends string>(field: Field) => aggregate('p50', field);
/** The 90th percentile of a number field. */
export const p90 = <const Field extends string>(field: Field) => aggregate('p90', field);
/** The 95th percentile of a number field. */
export const p95 = <const Field extends string>(field: Field) => aggregate('p95', field);
/** The 99th percentile of a number field. */
export const p99 = <const Field extends string>(field: Field) => aggregate('p99', field);

/** Options of {@link bucket}. */
export interface BucketOptions<Field extends string = string> {
  /** Which timestamp is cut. Default: the record's own. */
  field?: Field;
  /** IANA name such as `Europe/Bucharest`: buckets follow the clock there. Default UTC. */
  timezone?: string;
}

/**
 * A timestamp cut down to the start of its minute, hour, day, week (Monday) or month; the column is named after the span.
 *
 * @example
 * query.select(count()).groupBy(bucket('day', { timezone: 'Europe/Bucharest' }))
 */
export function bucket<const Span extends Bucket, const Field extends string = 'timestamp'>(
  span: Span,
  options: BucketOptions<Field> = {},
): Expression<'bucket', Field, Span> {
  const { field = 'timestamp' as Field, timezone } = options;
  return new Expression('bucket', field, span, { bucket: span, field, ...(timezone !== undefined && { timezone }) });
}

/** A field, to be given another name with `as`. */
export function field<const Field extends string>(name: Field): Expression<'field', Field, Field> {
  return new Expression('field', name, name, { field: name });
}
