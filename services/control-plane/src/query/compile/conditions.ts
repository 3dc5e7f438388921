import { type Aggregate, type FieldBaseType, LIMITS, type Operator, type Scalar } from '@loguro/types';
import type { Faults } from './faults.js';
import { type Expression, PARAMETER_TYPES, type Parameters } from './sql.js';
import { checkValue } from './values.js';

/** A condition of `where` or `having`. */
export interface AnyCondition {
  field?: string;
  aggregate?: Aggregate;
  op?: Operator;
  value?: Scalar | Scalar[];
  and?: AnyCondition[];
  or?: AnyCondition[];
  not?: AnyCondition;
}

/** The left side of a comparison. */
export interface Operand extends Expression {
  /** What it is called where something is wrong with the right side. */
  label: string;
}

/** What conditions are compiled with. */
export interface ConditionContext {
  parameters: Parameters;
  faults: Faults;
  /** What the left side of a comparison means; null after adding a fault. */
  operand(item: AnyCondition, path: string): Operand | null;
}

const GROUPS = ['and', 'or', 'not'] as const;
const ORDERED: readonly string[] = ['string', 'number', 'timestamp'];
const COMPARISONS: Record<string, string> = { '=': '=', '!=': '<>', '>': '>', '>=': '>=', '<': '<', '<=': '<=' };

/**
 * Conditions that must all hold, each as SQL. Every condition is either true or false of a record, also where
 * a field is null: null equals null, every other comparison with a null field is false, and `!=`, `not_in`
 * and `not` are true exactly where `=`, `in` and the negated condition are false.
 */
export function compileConditions(items: readonly AnyCondition[], path: string, context: ConditionContext): string[] {
  let count = 0;
  const compile = (item: AnyCondition, at: string, depth: number): string => {
    count += 1;
    if (count > LIMITS.queryConditions) return 'false';
    if (depth > LIMITS.queryDepth) {
      context.faults.add(at, `is nested deeper than ${LIMITS.queryDepth} levels`);
      return 'false';
    }
    const group = groupOf(item, at, context.faults);
    if (group === null) return compileComparison(item, at, context);
    if (group === 'not') return `(${compile(item.not as AnyCondition, `${at}.not`, depth + 1)}) IS NOT TRUE`;
    const parts = (item[group] as AnyCondition[]).map((part, i) => compile(part, `${at}.${group}[${i}]`, depth + 1));
    return `(${parts.join(group === 'and' ? ' AND ' : ' OR ')})`;
  };
  const compiled = items.map((item, i) => compile(item, `${path}[${i}]`, 1));
  if (count > LIMITS.queryConditions) context.faults.add(path, `has more than ${LIMITS.queryConditions} conditions`);
  return compiled;
}

/** Which group an item is, null for a comparison. An item that is both or neither gets a fault. */
function groupOf(item: AnyCondition, path: string, faults: Faults): (typeof GROUPS)[number] | null {
  const groups = GROUPS.filter((key) => item[key] !== undefined);
  const others = Object.keys(item).length - groups.length;
  if (groups.length === 0) return null;
  if (groups.length > 1 || others > 0) {
    faults.add(path, 'must be one comparison or one of "and", "or" and "not", not several at once');
  }
  return groups[0] ?? null;
}

function compileComparison(item: AnyCondition, path: string, context: ConditionContext): string {
  const { faults } = context;
  if (item.op === undefined) faults.add(path, 'needs an "op" (or must be one of "and", "or" and "not")');
  const left = context.operand(item, path);
  if (left === null || item.op === undefined) return 'false';
  const mismatch = typeMismatch(item.op, left);
  if (mismatch !== null) {
    faults.add(`${path}.op`, mismatch);
    return 'false';
  }
  if (item.op === 'is_null' || item.op === 'is_not_null') {
    if (item.value !== undefined) faults.add(`${path}.value`, `does not go with "${item.op}"`);
    return `${left.sql} ${item.op === 'is_null' ? 'IS NULL' : 'IS NOT NULL'}`;
  }
  if (item.value === undefined) {
    faults.add(path, `needs a "value" for "${item.op}"`);
    return 'false';
  }
  if (item.op === 'in' || item.op === 'not_in') return compileList(left, item.op, item.value, path, context);
  if (Array.isArray(item.value)) {
    faults.add(`${path}.value`, `is a list, which goes with "in" and "not_in" but not with "${item.op}"`);
    return 'false';
  }
  return compileScalar(left, item.op, item.value, path, context);
}

/** A sentence that names the operator and the type it can't be used with. */
function typeMismatch(op: Operator, { type, label }: Operand): string | null {
  const textual = op === 'contains' || op === 'starts_with';
  if (textual && type !== 'string') return `"${op}" compares strings, but ${label} is a ${type}`;
  const ordering = op === '>' || op === '>=' || op === '<' || op === '<=';
  if (ordering && !ORDERED.includes(type)) return `"${op}" needs an order, and ${label}, a ${type}, has none`;
  return null;
}

function compileScalar(left: Operand, op: Operator, value: Scalar, path: string, context: ConditionContext) {
  if (value === null) {
    if (op === '=') return `${left.sql} IS NULL`;
    if (op === '!=') return `${left.sql} IS NOT NULL`;
    context.faults.add(`${path}.value`, `is null, which goes with "=" and "!=" but not with "${op}"`);
    return 'false';
  }
  const right = parameter(value, left, `${path}.value`, context);
  if (right === null) return 'false';
  if (op === 'contains') return `strpos(${left.sql}, ${right}) > 0`;
  if (op === 'starts_with') return `starts_with(${left.sql}, ${right})`;
  const comparison = `${left.sql} ${COMPARISONS[op]} ${right}`;
  return op === '!=' && left.nullable ? `(${comparison} OR ${left.sql} IS NULL)` : comparison;
}

function compileList(
  left: Operand,
  op: 'in' | 'not_in',
  value: Scalar | Scalar[],
  path: string,
  context: ConditionContext,
) {
  if (!Array.isArray(value)) {
    context.faults.add(`${path}.value`, `must be a list for "${op}": put it in [ ]`);
    return 'false';
  }
  const texts: string[] = [];
  let sound = true;
  value.forEach((item, i) => {
    if (item === null) return;
    const checked = checkValue(item, left.type as FieldBaseType, left.label);
    if ('text' in checked) texts.push(checked.text);
    else {
      context.faults.add(`${path}.value[${i}]`, checked.fault);
      sound = false;
    }
  });
  if (!sound) return 'false';
  const list = context.parameters.add(texts, `${PARAMETER_TYPES[left.type as FieldBaseType]}[]`);
  const listed = `${left.sql} ${op === 'in' ? '= ANY' : '<> ALL'} (${list})`;
  // A null field is "in" a list that holds null, and "not_in" every other.
  const takesNull = value.includes(null) === (op === 'in');
  if (takesNull) return left.nullable ? `(${listed} OR ${left.sql} IS NULL)` : listed;
  // "<> ALL" of an empty list holds even for null.
  return left.nullable && op === 'not_in' ? `(${listed} AND ${left.sql} IS NOT NULL)` : listed;
}

function parameter(value: Scalar, left: Operand, path: string, { faults, parameters }: ConditionContext) {
  const type = left.type as FieldBaseType;
  const checked = checkValue(value, type, left.label);
  if ('text' in checked) return parameters.add(checked.text, PARAMETER_TYPES[type]);
  faults.add(path, checked.fault);
  return null;
}
