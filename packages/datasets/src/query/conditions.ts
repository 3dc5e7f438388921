import { LoguroError } from '../errors.js';
import type { BaseOf, Fields } from '../fields.js';
import { Expression } from './expressions.js';
import type { AggregateFor, Columns, Operand, OperatorFor, Queryable, TypeOf } from './row-types.js';
import type { Condition, HavingCondition, Operator, Scalar } from './wire.js';

/** A value as a caller may give it. */
export type InputScalar = Scalar | Date;

/** A value, or a list of them, as it travels: dates as RFC 3339 strings. */
export function toScalar(value: InputScalar): Scalar;
export function toScalar(value: InputScalar | readonly InputScalar[]): Scalar | Scalar[];
export function toScalar(value: InputScalar | readonly InputScalar[]): Scalar | Scalar[] {
  if (Array.isArray(value)) return value.map((item: InputScalar) => toScalar(item));
  // JSON would say null, which is a good value to compare with.
  const lost = typeof value === 'number' ? !Number.isFinite(value) : value instanceof Date && Number.isNaN(+value);
  if (lost) throw new LoguroError('invalid_query', `${value} is no value that can be compared with`);
  return value instanceof Date ? value.toISOString() : (value as Scalar);
}

/** One comparison as it travels. */
export function comparison(
  left: string | Expression,
  op: Operator,
  value: readonly (InputScalar | readonly InputScalar[])[],
): HavingCondition {
  const operand = left instanceof Expression ? toOperand(left) : { field: left };
  return value.length === 0 ? { ...operand, op } : { ...operand, op, value: toScalar(value[0] as InputScalar) };
}

function toOperand({ item, name, kind }: Expression): HavingCondition {
  if (kind === 'bucket' || kind === 'field') return { field: name };
  const { aggregate, field } = item;
  return { ...(field !== undefined && { field }), ...(aggregate !== undefined && { aggregate }) };
}

/** Makes conditions for `where`, and groups of them. */
export interface WhereBuilder<F extends Fields> {
  /** One comparison. */
  is<const Name extends Queryable<F>, const Op extends OperatorFor<BaseOf<TypeOf<F, Name>>>>(
    field: Name,
    op: Op,
    ...value: Operand<BaseOf<TypeOf<F, Name>>, Op>
  ): Condition;
  /** All hold. */
  and(...conditions: Condition[]): Condition;
  /** At least one holds. */
  or(...conditions: Condition[]): Condition;
  /** It does not hold. Every condition is true or false, also where a field is null: a comparison with null is false. */
  not(condition: Condition): Condition;
}

/** The type a name or an aggregate has in `having`. */
export type HavingType<F extends Fields, C extends Columns, Left> = Left extends keyof C
  ? C[Left]['type']
  : Left extends string
    ? BaseOf<TypeOf<F, Left>>
    : Left extends Expression<infer Kind, infer Name>
      ? Kind extends 'min' | 'max'
        ? BaseOf<TypeOf<F, Name>>
        : 'number'
      : never;

/** What `having` compares: a column of the answer, a group key, or an aggregate. */
export type HavingOperand<F extends Fields, C extends Columns> = (keyof C & string) | Queryable<F> | AggregateFor<F>;

/** Makes conditions for `having`, and groups of them. */
export interface HavingBuilder<F extends Fields, C extends Columns> {
  is<const Left extends HavingOperand<F, C>, const Op extends OperatorFor<HavingType<F, C, Left>>>(
    left: Left,
    op: Op,
    ...value: Operand<HavingType<F, C, Left>, Op>
  ): HavingCondition;
  and(...conditions: HavingCondition[]): HavingCondition;
  or(...conditions: HavingCondition[]): HavingCondition;
  not(condition: HavingCondition): HavingCondition;
}

/** The one implementation of both builders. */
export const CONDITIONS = {
  is: (left: string | Expression, op: Operator, ...value: (InputScalar | readonly InputScalar[])[]) =>
    comparison(left, op, value),
  and: (...conditions: HavingCondition[]): HavingCondition => ({ and: conditions }),
  or: (...conditions: HavingCondition[]): HavingCondition => ({ or: conditions }),
  not: (condition: HavingCondition): HavingCondition => ({ not: condition }),
};
