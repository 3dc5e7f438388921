import {
  type Condition,
  type FieldBaseType,
  type HavingCondition,
  OPERATORS,
  type Operator,
  type Scalar,
} from '@loguro/types';
import { CliError } from '../cli-error.js';
import { parseTerm } from './terms.js';

// Longer operators first, so that `>=` is not read as `>`.
const CONDITION = new RegExp(
  String.raw`^\s*(\w+(?:\s*\(\s*\w*\s*\))?)\s*` +
    String.raw`(<=|>=|!=|=|<|>|\s(?:not[_ ]in|in|contains|starts[_ ]with|is[_ ]not[_ ]null|is[_ ]null)\b)\s*(.*)$`,
  'is',
);

const HINTS = [
  `Write field, operator and value: --where 'plan = pro', --where 'amount > 20', --where 'country in RO,DE'`,
  `Operators: ${OPERATORS.join(' ')}`,
];

/**
 * Reads a `--where`. A value is what its field asks for: `20` is a number on a number field and text on a string
 * field. The server decides about unknown fields, so that its message, with the nearest name, is the one shown.
 */
export function parseWhere(text: string, types: ReadonlyMap<string, FieldBaseType>): Condition {
  const { left, op, rest } = split(text, '--where');
  if (/\(/.test(left)) {
    throw new CliError(`--where "${text}": a condition on an aggregate is --having.`);
  }
  const type = types.get(left);
  return { field: left, op, ...operand(op, rest, (word) => scalarFor(word, type)) };
}

/** Reads a `--having`: a column of the answer or an aggregate. What looks like a number is one. */
export function parseHaving(text: string): HavingCondition {
  const { left, op, rest } = split(text, '--having');
  const value = operand(op, rest, (word) => scalarFor(word, undefined));
  if (!left.includes('(')) return { field: left, op, ...value };
  const { field, aggregate } = parseTerm(left, '--having');
  return { ...(aggregate && { aggregate }), ...(field !== undefined && { field }), op, ...value };
}

function split(text: string, flag: string): { left: string; op: Operator; rest: string } {
  const match = CONDITION.exec(text);
  if (match === null) throw new CliError(`${flag} "${text}" can't be read.`, { hints: HINTS });
  const [, left = '', operator = '', rest = ''] = match;
  const op = operator.trim().toLowerCase().replaceAll(/\s+/g, '_') as Operator;
  return { left, op, rest: rest.trim() };
}

function operand(op: Operator, rest: string, scalar: (word: string) => Scalar): { value?: Scalar | Scalar[] } {
  if (op === 'is_null' || op === 'is_not_null') return {};
  if (op === 'in' || op === 'not_in') return { value: splitList(rest).map(scalar) };
  return { value: scalar(unquote(rest)) };
}

/** `RO, "a,b"` → `RO`, `a,b` */
function splitList(text: string): string[] {
  const inner = text.replace(/^\((.*)\)$/s, '$1');
  return (inner.match(/\s*("(?:[^"\\]|\\.)*"|[^,]+)\s*/g) ?? []).map((word) => unquote(word.trim()));
}

function unquote(word: string): string {
  const double = /^"(.*)"$/s.exec(word);
  if (double) return (double[1] ?? '').replaceAll(/\\(["\\])/g, '$1');
  return /^'(.*)'$/s.exec(word)?.[1] ?? word;
}

function scalarFor(word: string, type: FieldBaseType | undefined): Scalar {
  if (type === 'string' || type === 'timestamp') return word;
  if ((type === undefined || type === 'boolean') && /^(true|false)$/i.test(word)) return word.toLowerCase() === 'true';
  if (type !== 'boolean' && word !== '' && Number.isFinite(Number(word))) return Number(word);
  return word;
}
