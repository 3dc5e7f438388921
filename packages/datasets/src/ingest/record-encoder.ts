import { type ErrorDetail, LoguroError } from '../errors.js';
import type { Fields } from '../fields.js';
import { createRecordCheck, type RecordCheck } from '../records/check-record.js';

/** Records ready to be sent, and those that are not. */
export interface EncodedBatch {
  /** The good records as JSON. */
  lines: readonly string[];
  /** The place of each line among the caller's records. */
  places: readonly number[];
  /** What is wrong with the bad ones, at most 100. */
  faults: readonly ErrorDetail[];
  /** How many are bad. */
  bad: number;
}

const MAX_DETAILS = 100;

/** Fills in, checks and writes records as JSON. */
export class RecordEncoder {
  readonly #check: RecordCheck;

  constructor(fields: Readonly<Fields> | undefined) {
    this.#check = createRecordCheck(fields);
  }

  validate(record: unknown): ErrorDetail[] {
    return this.#check(withDefaults(record));
  }

  /** @throws LoguroError `invalid_record` */
  encode(input: unknown): string {
    const record = withDefaults(input);
    const details = this.#check(record);
    if (details.length === 0) return JSON.stringify(record);
    throw unfit('The record does', details);
  }

  /**
   * @param keepGood go on although records are bad
   * @throws LoguroError `invalid_record` when records are bad, or none is good
   */
  encodeBatch(inputs: readonly unknown[], keepGood = false): EncodedBatch {
    const lines: string[] = [];
    const places: number[] = [];
    const faults: ErrorDetail[] = [];
    inputs.forEach((input, index) => {
      const record = withDefaults(input);
      const details = this.#check(record, faults.length >= MAX_DETAILS);
      for (const detail of details) if (faults.length < MAX_DETAILS) faults.push({ index, ...detail });
      if (details.length > 0) return;
      places.push(index);
      lines.push(JSON.stringify(record));
    });
    const bad = inputs.length - lines.length;
    if (bad > 0 && !(keepGood && lines.length > 0)) throw unfit(`${bad} of ${inputs.length} records do`, faults);
    return { lines, places, faults, bad };
  }
}

/** The server's words. */
function unfit(which: string, details: readonly ErrorDetail[]): LoguroError {
  const message = `${which} not fit the schema of the dataset; nothing was accepted.`;
  return new LoguroError('invalid_record', message, { details });
}

/** A record that says nothing of them happened now, in no particular context. One that says `undefined` is at fault. */
export function withDefaults(record: unknown): unknown {
  if (typeof record !== 'object' || record === null || Array.isArray(record)) return record;
  if ('timestamp' in record && 'context' in record) return record;
  return { timestamp: new Date().toISOString(), context: {}, ...record };
}
