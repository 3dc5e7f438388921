import { isUtf8 } from 'node:buffer';
import { type Field, LIMITS } from '@loguro/types';
import {
  endOfPlain,
  endOfPlainNumber,
  endOfPlainString,
  endOfWord,
  FALSE,
  NULL,
  skipSpace,
  TRUE,
} from './json-scan.js';
import type { LineBuffer } from './line-buffer.js';
import { isPlainUtc, timestampText } from './timestamp-text.js';

const COLON = 0x3a;
const COMMA = 0x2c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
/** No value was found, or one that is not copied from the record. */
const UNSET = -1;
const IS_NULL = -2;
const IS_TRUE = -3;
const IS_FALSE = -4;
const IS_TEXT = -5;
const CONTEXT = 1;
/** `2026-06-10T10:58:00.123456Z` */
const MAX_TIMESTAMP = 27;

interface Slot {
  name: string;
  /** `"name":` as bytes. */
  key: Uint8Array;
  type: Field['type'] | 'context';
  optional: boolean;
}

/** Where {@link PlainEncoder} writes to. */
export interface PlainOutput {
  lines: LineBuffer;
  /** Stored with each record; as bytes. */
  traceId: Uint8Array;
  /** Of one record as JSON; longer ones are not done. */
  maxBytes: number;
}

/**
 * Writes records as COPY text straight from the bytes of their JSON, without building anything in between: JSON.parse, the
 * objects it makes and the strings they are joined from are what encoding costs otherwise.
 *
 * It does the common form only: every string without a backslash, every number short, every field as declared. For all
 * else it says no, and `RecordEncoder.encode` decides; what this one takes, that one takes as well, with the same meaning.
 */
export class PlainEncoder {
  readonly #slots: readonly Slot[];
  readonly #byName: ReadonlyMap<string, number>;
  /** Which field the n-th key was last time: a producer writes its records in one order. */
  readonly #order: number[] = [];
  /** Of the record in work: each field's bytes in it, or one of the marks above. */
  readonly #starts: Int32Array;
  readonly #ends: Int32Array;
  readonly #texts: string[];
  #afterKey = 0;

  /** @param fields the declared ones, in the order of their columns */
  constructor(fields: readonly Pick<Field, 'name' | 'type' | 'optional'>[]) {
    const slots: Omit<Slot, 'key'>[] = [
      { name: 'timestamp', type: 'timestamp', optional: false },
      { name: 'context', type: 'context', optional: false },
      ...fields,
    ];
    this.#slots = slots.map((slot) => ({ ...slot, key: Buffer.from(`${JSON.stringify(slot.name)}:`) }));
    this.#byName = new Map(slots.map(({ name }, index) => [name, index]));
    this.#starts = new Int32Array(slots.length);
    this.#ends = new Int32Array(slots.length);
    this.#texts = slots.map(() => '');
  }

  /**
   * Writes the line of the record that starts at `at`.
   *
   * @param bytes valid UTF-8
   * @returns where the record ends, or -1: nothing was written
   */
  encode(bytes: Buffer, at: number, { traceId, lines, maxBytes }: PlainOutput): number {
    const end = this.#scan(bytes, at);
    if (end === -1 || end - at > maxBytes) return -1;
    this.#write(bytes, end - at, traceId, lines);
    return end;
  }

  /**
   * Writes the line of a record that is alone in `bytes`, but for whitespace.
   *
   * @param bytes need not be UTF-8
   * @returns whether it did; if not, nothing was written
   */
  encodeWhole(bytes: Buffer, { traceId, lines, maxBytes }: PlainOutput): boolean {
    if (bytes.length > maxBytes || !isUtf8(bytes)) return false;
    const end = this.#scan(bytes, skipSpace(bytes, 0));
    if (end === -1 || skipSpace(bytes, end) !== bytes.length) return false;
    this.#write(bytes, bytes.length, traceId, lines);
    return true;
  }

  #scan(bytes: Buffer, start: number): number {
    if (bytes[start] !== OPEN_OBJECT) return -1;
    const starts = this.#starts.fill(UNSET);
    let at = start + 1;
    for (let nth = 0; ; nth++) {
      at = skipSpace(bytes, at);
      const index = this.#key(bytes, at, nth);
      const slot = this.#slots[index];
      // JSON.parse takes the last of two values; so rare that it may.
      if (slot === undefined || starts[index] !== UNSET) return -1;
      at = skipSpace(bytes, this.#afterKey);
      at = this.#value(bytes, at, slot, index);
      if (at === -1) return -1;
      at = skipSpace(bytes, at);
      const separator = bytes[at];
      at += 1;
      if (separator === CLOSE_OBJECT) break;
      if (separator !== COMMA) return -1;
    }
    for (let index = 0; index < starts.length; index++) {
      if ((starts[index] as number) < 0 && !this.#mayBe(index, starts[index] as number)) return -1;
    }
    return at;
  }

  /** Whether a field may have no bytes of its own. */
  #mayBe(index: number, mark: number): boolean {
    return (mark !== UNSET && mark !== IS_NULL) || this.#slots[index]?.optional === true;
  }

  /** The field whose key is here, and behind which colon its value follows; -1 when it is none. */
  #key(bytes: Buffer, at: number, nth: number): number {
    const expected = this.#order[nth];
    if (expected !== undefined) {
      this.#afterKey = endOfWord(bytes, at, (this.#slots[expected] as Slot).key);
      if (this.#afterKey !== -1) return expected;
    }
    const end = endOfPlainString(bytes, at);
    if (end === -1) return -1;
    const found = this.#byName.get(bytes.toString('utf8', at + 1, end - 1));
    const colon = skipSpace(bytes, end);
    if (found === undefined || bytes[colon] !== COLON) return -1;
    this.#order[nth] = found;
    this.#afterKey = colon + 1;
    return found;
  }

  /** Notes where the value is, and returns where it ends; -1 when it is not of the field's type, or not plain. */
  #value(bytes: Buffer, at: number, { type, optional }: Slot, index: number): number {
    if (optional && bytes[at] === NULL[0]) return this.#mark(index, IS_NULL, endOfWord(bytes, at, NULL));
    switch (type) {
      case 'string': {
        const end = endOfPlainString(bytes, at);
        return this.#span(index, at + 1, end - 1, end);
      }
      case 'number': {
        const end = endOfPlainNumber(bytes, at);
        return this.#span(index, at, end, end);
      }
      case 'boolean':
        if (bytes[at] === TRUE[0]) return this.#mark(index, IS_TRUE, endOfWord(bytes, at, TRUE));
        return this.#mark(index, IS_FALSE, endOfWord(bytes, at, FALSE));
      case 'timestamp':
        return this.#timestamp(bytes, at, index);
      default: {
        const end = bytes[at] === OPEN_OBJECT ? endOfPlain(bytes, at, LIMITS.contextDepth) : -1;
        return this.#span(index, at, end, end);
      }
    }
  }

  #timestamp(bytes: Buffer, at: number, index: number): number {
    const end = endOfPlainString(bytes, at);
    if (end === -1) return -1;
    if (isPlainUtc(bytes, at + 1, end - 1)) return this.#span(index, at + 1, end - 1, end);
    const text = timestampText(bytes.toString('utf8', at + 1, end - 1));
    if (text === null) return -1;
    this.#texts[index] = text;
    return this.#mark(index, IS_TEXT, end);
  }

  #span(index: number, from: number, to: number, end: number): number {
    this.#starts[index] = from;
    this.#ends[index] = to;
    return end;
  }

  #mark(index: number, mark: number, end: number): number {
    this.#starts[index] = mark;
    return end;
  }

  #write(bytes: Buffer, length: number, traceId: Uint8Array, out: LineBuffer): void {
    // No value is longer in the line than in the record, but for timestamps that are rewritten and absent ones.
    out.reserve(length + traceId.length + (MAX_TIMESTAMP + 1) * this.#slots.length + 2);
    for (let index = 0; index < this.#slots.length; index++) {
      const start = this.#starts[index] as number;
      const end = this.#ends[index] as number;
      if (index > 0) out.tab();
      if (index === CONTEXT) {
        out.copyCompact(bytes, start, end);
        out.tab();
        out.copy(traceId, 0, traceId.length);
      } else if (start >= 0) out.copy(bytes, start, end);
      else this.#writeMark(start, index, out);
    }
    out.newline();
  }

  #writeMark(mark: number, index: number, out: LineBuffer): void {
    switch (mark) {
      case IS_TRUE:
        out.byte(0x74);
        break;
      case IS_FALSE:
        out.byte(0x66);
        break;
      case IS_TEXT:
        out.write(this.#texts[index] as string);
        break;
      default:
        out.byte(0x5c);
        out.byte(0x4e);
    }
  }
}
