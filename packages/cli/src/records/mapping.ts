import { type Field, type Fields, fieldList, nearestName } from '@loguro/types';
import { CliError } from '../cli-error.js';
import { fieldName, fieldNames } from './field-name.js';
import type { TimeFormat } from './time-format.js';

/** What to do with columns that the schema doesn't have. */
export const EXTRA_MODES = ['refuse', 'drop', 'context'] as const;
export type ExtraMode = (typeof EXTRA_MODES)[number];

/** How a file's columns become records; everything here decides what is stored. */
export interface MappingOptions {
  /** The column that holds the record's timestamp. */
  timestampColumn: string;
  /** One timestamp for all records, RFC 3339, instead of a column. */
  fixedTimestamp?: string | undefined;
  timeFormat: TimeFormat;
  /** Texts that mean "no value", besides the empty one. */
  nulls: readonly string[];
  extra: ExtraMode;
  /** Columns that are left out. */
  ignore: readonly string[];
  /** Put into the context of every record; what the record itself has wins. */
  context: Readonly<Record<string, unknown>>;
}

/** Where a column's values go. */
export type Target =
  | { to: 'timestamp' }
  | { to: 'context' }
  | { to: 'field'; field: Field }
  | { to: 'extra'; name: string }
  | { to: 'nothing' };

/** Finds the targets of columns (CSV) or keys (NDJSON). */
export class Mapping {
  readonly options: MappingOptions;
  readonly fields: readonly Field[];
  readonly #byName: ReadonlyMap<string, Field>;
  readonly #known = new Map<string, Target>();

  constructor(fields: Fields, options: MappingOptions) {
    this.options = options;
    this.fields = fieldList(fields);
    this.#byName = new Map(this.fields.map((field) => [field.name, field]));
  }

  target(column: string): Target {
    const known = this.#known.get(column);
    if (known !== undefined) return known;
    const found = this.#find(column);
    // NDJSON keys come from the file: a map of them must not grow with it.
    if (this.#known.size < 10_000) this.#known.set(column, found);
    return found;
  }

  /**
   * The targets of a CSV header.
   *
   * @throws CliError when a required field, or the timestamp, has no column, a column has no field, or two have one
   */
  plan(headings: readonly string[]): Target[] {
    const targets = this.#planTargets(headings);
    refuseShared(headings, targets);
    this.#refuseMissing(headings, targets);
    const extra = headings.filter((_, i) => targets[i]?.to === 'extra');
    if (this.options.extra === 'refuse' && extra.length > 0) throw this.#unknownColumns(extra);
    return targets;
  }

  /**
   * Where every column goes. Headings that come to one name are told apart by a number, counted over the same columns as
   * in `schema infer`.
   */
  #planTargets(headings: readonly string[]): Target[] {
    const { timestampColumn, fixedTimestamp } = this.options;
    const time = fixedTimestamp === undefined ? timestampColumn : undefined;
    const named = headings.filter((heading) => heading !== time && heading !== 'context');
    const names = fieldNames(named);
    const numbered = new Map(named.map((heading, i) => [heading, names[i] as string]));
    return headings.map((heading) => {
      const target = this.target(heading);
      const field = this.#byName.get(numbered.get(heading) ?? '');
      return field === undefined || target.to === 'nothing' ? target : { to: 'field', field };
    });
  }

  #find(column: string): Target {
    const { timestampColumn, fixedTimestamp, ignore, extra } = this.options;
    if (ignore.includes(column)) return { to: 'nothing' };
    if (fixedTimestamp === undefined && column === timestampColumn) return { to: 'timestamp' };
    if (column === 'context') return { to: 'context' };
    const field = this.#byName.get(column) ?? this.#byName.get(fieldName(column));
    if (field !== undefined) return { to: 'field', field };
    return extra === 'drop' ? { to: 'nothing' } : { to: 'extra', name: column };
  }

  #refuseMissing(headings: readonly string[], targets: readonly Target[]): void {
    const { timestampColumn, fixedTimestamp } = this.options;
    if (fixedTimestamp === undefined && !targets.some(({ to }) => to === 'timestamp')) {
      throw new CliError(`There is no column "${timestampColumn}" to take the timestamp of the records from.`, {
        hints: [
          `Name it: --timestamp-column ${quote(nearestName(timestampColumn, headings) ?? headings[0] ?? 'COLUMN')}`,
          'Or give all records one time: --timestamp now',
        ],
      });
    }
    const present = new Set(targets.map((target) => (target.to === 'field' ? target.field.name : '')));
    const missing = this.fields.filter(({ name, optional }) => !optional && !present.has(name)).map(({ name }) => name);
    if (missing.length === 0) return;
    throw new CliError(`The file has no column for ${list(missing)}, which every record must have.`, {
      hints: [`The file's columns: ${headings.join(', ')}`, 'Compare with the schema: loguro schema show DATASET'],
    });
  }

  #unknownColumns(extra: readonly string[]): CliError {
    const names = this.fields.map(({ name }) => name);
    const near = extra
      .map((column) => [column, nearestName(column, names)] as const)
      .find(([, name]) => name !== undefined);
    return new CliError(`The schema has no field for ${list(extra)}.`, {
      hints: [
        ...(near ? [`Did you mean ${near[1]} by "${near[0]}"? Rename the column in the file's header.`] : []),
        'Keep them in the context of the records: --extra context',
        `Or leave them out: ${extra.map((column) => `--ignore ${quote(column)}`).join(' ')} (all of them: --extra drop)`,
      ],
    });
  }
}

/** Of two columns for one field, the value of one would be lost. */
function refuseShared(headings: readonly string[], targets: readonly Target[]): void {
  const columns = new Map<string, string>();
  for (const [i, target] of targets.entries()) {
    if (target.to !== 'field') continue;
    const { name } = target.field;
    const heading = headings[i] as string;
    const other = columns.get(name);
    if (other !== undefined) {
      throw new CliError(`The columns ${list([other, heading])} both stand for the field "${name}".`, {
        hints: [`Leave one out: --ignore ${quote(other)} or --ignore ${quote(heading)}`],
      });
    }
    columns.set(name, heading);
  }
}

function list(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(', ');
}

function quote(text: string): string {
  return /^[\w.-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
