import { aggregateOutput } from './aggregates.js';
import { compileConditions } from './conditions.js';
import type { Column, Output } from './context.js';
import { unknownName } from './names.js';
import { columnNamed, names } from './order.js';
import { limitClause, orderSql, type Parts } from './parts.js';
import type { Expression } from './sql.js';

/** What the groups compute, each once, as columns c0, c1, … of a subquery. */
class Slots {
  readonly #slots = new Map<string, { name: string; output: Output }>();

  /** The column of an output, as seen outside of the subquery. */
  use(output: Output): string {
    let slot = this.#slots.get(output.id);
    if (slot === undefined) {
      slot = { name: `c${this.#slots.size}`, output };
      this.#slots.set(output.id, slot);
    }
    return slot.name;
  }

  list(): string {
    return [...this.#slots.values()].map(({ name, output }) => `${output.sql} AS ${name}`).join(', ');
  }
}

/**
 * A query for groups: an inner statement computes every key and aggregate once, whoever asks for it, and the
 * outer one filters, orders and cuts by their names.
 */
export function compileGroups(parts: Parts): { text: string } {
  const { where, outputs, order, limit, context } = parts;
  const slots = new Slots();
  const keys = outputs.keys.map(({ output }) => slots.use(output));
  const columns = outputs.columns.map(({ output }) => slots.use(output));
  const having = compileHaving(parts, slots);
  const orderBy = order.map((term) => orderSql(slots.use(term.output), term));
  const groupBy = keys.length === 0 ? '' : ` GROUP BY ${keys.map((_, i) => i + 1).join(', ')}`;
  const inner = `SELECT ${slots.list()} FROM ${context.source.table} WHERE ${where.join(' AND ')}${groupBy}`;
  const filter = having.length === 0 ? '' : ` WHERE ${having.join(' AND ')}`;
  const sorted = orderBy.length === 0 ? '' : ` ORDER BY ${orderBy.join(', ')}`;
  return { text: `SELECT ${columns.join(', ')} FROM (${inner}) AS g${filter}${sorted}${limitClause(limit, context)}` };
}

function compileHaving({ query, outputs, context }: Parts, slots: Slots): string[] {
  const { faults, source, parameters } = context;
  return compileConditions(query.having ?? [], 'having', {
    parameters,
    faults,
    operand(item, path): Expression | null {
      if (item.aggregate !== undefined) {
        const output = aggregateOutput({ ...item, aggregate: item.aggregate }, source, path, faults);
        return output && { ...output, sql: slots.use(output) };
      }
      if (item.field === undefined) {
        faults.add(path, 'needs a "field" or an "aggregate"');
        return null;
      }
      const output = columnNamed(item.field, [...outputs.columns, ...outputs.keys] satisfies Column[]);
      if (output !== null) return { ...output, sql: slots.use(output) };
      faults.add(`${path}.field`, unknownName('column or group key', item.field, names(outputs)));
      return null;
    },
  });
}
