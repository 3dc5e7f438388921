import { isTimestamp } from '@loguro/types';
import { readsAs } from '../records/time-format.js';

/** What a value can be read as. One value can be several: `1` is a number and, as text, a string. */
const KINDS = ['number', 'boolean', 'timestamp', 'timestamp_utc', 'string', 'object'] as const;
export type Kind = (typeof KINDS)[number];

/** A value that speaks against a type, and where it stands. */
export interface Witness {
  text: string;
  line: number;
}

const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;
const LEADING_ZERO = /^[+-]?0\d+$/;
const TOO_PRECISE = /^-?\d{16,}$/;
const BOOLEAN = /^(true|false|t|f|yes|no|y|n)$/i;
const MAX_EXAMPLES = 3;

/** Counts what the values of one column can be read as, without keeping them. */
export class ColumnProfile {
  readonly name: string;
  /** Values that are there. */
  present = 0;
  /** Records without a value, or with none of its own (NDJSON keys that are missing). */
  empty = 0;
  readonly counts: Record<Kind, number> = {
    number: 0,
    boolean: 0,
    timestamp: 0,
    timestamp_utc: 0,
    string: 0,
    object: 0,
  };
  /** Numbers that would not survive as a number: `007`, `12345678901234567890`. */
  fragile: Witness | undefined;
  /** The first value that is not of the kind. */
  readonly against: Partial<Record<Kind, Witness>> = {};
  readonly examples: string[] = [];

  constructor(name: string) {
    this.name = name;
  }

  addEmpty(): void {
    this.empty++;
  }

  /** A cell of a CSV file. */
  addText(text: string, line: number): void {
    const kinds: Kind[] = ['string'];
    if (NUMBER.test(text)) kinds.push('number');
    if (BOOLEAN.test(text)) kinds.push('boolean');
    if (isTimestamp(text)) kinds.push('timestamp');
    if (readsAs(text, 'iso-utc')) kinds.push('timestamp_utc');
    if (this.fragile === undefined && isFragile(text)) this.fragile = { text, line };
    if (LEADING_ZERO.test(text)) kinds.push('number');
    this.#add(kinds, text, line);
  }

  /** A value of an NDJSON line. */
  addJson(value: unknown, line: number): void {
    if (typeof value === 'string') {
      const kinds: Kind[] = ['string'];
      if (isTimestamp(value)) kinds.push('timestamp');
      if (readsAs(value, 'iso-utc')) kinds.push('timestamp_utc');
      this.#add(kinds, value, line);
    } else if (typeof value === 'number') this.#add(['number'], String(value), line);
    else if (typeof value === 'boolean') this.#add(['boolean'], String(value), line);
    else this.#add(['object'], JSON.stringify(value), line);
  }

  /** Whether every value there is can be read so. */
  all(kind: Kind): boolean {
    return this.present > 0 && this.counts[kind] === this.present;
  }

  #add(kinds: readonly Kind[], text: string, line: number): void {
    this.present++;
    for (const kind of KINDS) {
      if (kinds.includes(kind)) this.counts[kind]++;
      else this.against[kind] ??= { text, line };
    }
    if (this.examples.length < MAX_EXAMPLES && !this.examples.includes(text)) this.examples.push(text);
  }
}

function isFragile(text: string): boolean {
  return LEADING_ZERO.test(text) || (TOO_PRECISE.test(text) && String(Number(text)) !== text);
}
