import { formatInstant, type Instant, type Query } from '@loguro/types';
import { compileConditions, type Operand } from './conditions.js';
import type { CompileContext } from './context.js';
import { fieldExpression, TIMESTAMP } from './source.js';
import { PARAMETER_TYPES, type Parameters, quoteIdentifier } from './sql.js';
import type { TimeWindow } from './windows.js';

/** The conditions of `where`, all of which hold. */
export function compileWhere(query: Query, context: CompileContext): string[] {
  const { parameters, faults } = context;
  return compileConditions(query.where ?? [], 'where', {
    parameters,
    faults,
    operand(item, path) {
      if (item.field !== undefined) return expressionOf(item.field, path, context);
      faults.add(path, 'needs a "field"');
      return null;
    },
  });
}

function expressionOf(field: string, path: string, { source, faults }: CompileContext): Operand | null {
  const expression = fieldExpression(source, field, `${path}.field`, faults, 'where');
  return expression && { ...expression, label: JSON.stringify(field) };
}

/** That a record lies in a span of time. */
export function conditionOf(window: TimeWindow, parameters: Parameters): string {
  const column = quoteIdentifier(TIMESTAMP);
  const instant = (value: Instant) => parameters.add(formatInstant(value), PARAMETER_TYPES.timestamp);
  const from = `${column} >= ${instant(window.from)}`;
  return `${from} AND ${column} ${'to' in window ? `<= ${instant(window.to)}` : `< ${instant(window.before)}`}`;
}
