import { formatInstant, type Instant, type Query } from '@loguro/types';
import { compileConditions } from './conditions.js';
import type { CompileContext } from './context.js';
import { fieldExpression, TIMESTAMP } from './source.js';
import { PARAMETER_TYPES, type Parameters, quoteIdentifier } from './sql.js';
import type { TimeWindow } from './windows.js';

/** The conditions of `where`, all of which hold. */
export function compileWhere(query: Query, { source, parameters, faults }: CompileContext): string[] {
  return compileConditions(query.where ?? [], 'where', {
    parameters,
    faults,
    operand(item, path) {
      if (item.field !== undefined) return fieldExpression(source, item.field, `${path}.field`, faults);
      faults.add(path, 'needs a "field"');
      return null;
    },
  });
}

/** That a record lies in a span of time. */
export function conditionOf(window: TimeWindow, parameters: Parameters): string {
  const column = quoteIdentifier(TIMESTAMP);
  const instant = (value: Instant) => parameters.add(formatInstant(value), PARAMETER_TYPES.timestamp);
  const from = `${column} >= ${instant(window.from)}`;
  return `${from} AND ${column} ${'to' in window ? `<= ${instant(window.to)}` : `< ${instant(window.before)}`}`;
}
