import type { QueryColumn, TailRequest } from '@loguro/types';
import { createContext } from '../query/compile/context.js';
import { copiesOf } from '../query/compile/copies.js';
import { Faults } from '../query/compile/faults.js';
import { compileOutputs } from '../query/compile/outputs.js';
import { CONTEXT, type QueriedDataset, sourceOf } from '../query/compile/source.js';
import { PARAMETER_TYPES, Parameters } from '../query/compile/sql.js';
import { compileWhere } from '../query/compile/where.js';
import type { Statement } from '../query/statement.js';
import type { Step } from './regions.js';

/** A statement for records, and how large one of its rows may be: see `copiesOf`. */
export interface TailStatement extends Statement {
  copies: number;
}

/** What to show of records, compiled as a query's `select` and `where` are. */
export interface CompiledTail {
  /** Qualified and quoted. */
  table: string;
  columns: QueryColumn[];
  /** Whether no condition leaves any record out. */
  showsAll: boolean;
  /**
   * The records of some transactions within a step that are to be shown, in the order of their places.
   *
   * @param xids the transactions, 32 bits of each
   * @param after the place of the last one that was shown
   * @returns a statement whose rows are the columns, and behind them the place
   */
  page(step: Step, xids: readonly string[], after: string | null): TailStatement;
  /** How many records of these transactions a step holds, shown or not. */
  count(step: Step, xids: readonly string[]): Statement;
}

/** @throws ApiError `invalid_query` with everything that is wrong */
export function compileTail(dataset: QueriedDataset, request: TailRequest): CompiledTail {
  const source = sourceOf(dataset);
  const { select = [...source.fields.keys(), CONTEXT].map((field) => ({ field })) } = request;
  const { where = [] } = request;

  /** Anew for each statement, because its values are numbered. */
  const compile = () => {
    const parameters = new Parameters();
    const faults = new Faults();
    const context = createContext(source, parameters, faults);
    const { columns } = compileOutputs({ select }, context);
    const conditions = compileWhere({ where }, context);
    faults.throwIfAny();
    return { parameters, columns, conditions };
  };
  const shown = compile().columns;
  const copies = copiesOf({ columns: shown, grouped: false });
  const columns = shown.map(({ name, output }) => ({ name, type: output.type }));

  return {
    table: source.table,
    columns,
    showsAll: where.length === 0,
    page(step, xids, after) {
      const { parameters, columns, conditions } = compile();
      const behind = after === null ? [] : [`ctid > ${parameters.add(after, 'tid')}`];
      const all = [...within(step, xids, parameters), ...behind, ...conditions].join(' AND ');
      const shown = [...columns.map(({ output }) => output.sql), 'ctid'].join(', ');
      return {
        text: `SELECT ${shown} FROM ${source.table} WHERE ${all} ORDER BY ctid`,
        values: parameters.values,
        copies,
      };
    },
    count(step, xids) {
      const parameters = new Parameters();
      const all = within(step, xids, parameters).join(' AND ');
      return { text: `SELECT count(*) FROM ${source.table} WHERE ${all}`, values: parameters.values };
    },
  };
}

function within({ region, from, to }: Step, xids: readonly string[], parameters: Parameters): string[] {
  const instant = (ms: number) => parameters.add(new Date(ms).toISOString(), PARAMETER_TYPES.timestamp);
  return [
    `xmin = ANY (${parameters.add([...xids], 'xid[]')})`,
    `ctid >= ${parameters.add(`(${from},0)`, 'tid')}`,
    `ctid < ${parameters.add(`(${to},0)`, 'tid')}`,
    ...(region.since === undefined ? [] : [`"timestamp" >= ${instant(region.since)}`]),
    ...(region.before === undefined ? [] : [`"timestamp" < ${instant(region.before)}`]),
  ];
}
