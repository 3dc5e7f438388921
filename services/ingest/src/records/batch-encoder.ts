import { type ErrorDetail, MAX_ERROR_DETAILS } from '@loguro/types';
import { jsonFault, jsonText } from './json-bytes.js';
import { borrowLineBuffer, returnLineBuffer } from './line-buffer.js';
import type { PlainOutput } from './plain-encoder.js';
import type { RecordEncoder } from './record-encoder.js';

/** Options of {@link BatchEncoder}. */
export interface BatchOptions {
  encoder: RecordEncoder;
  traceId: string;
  /** Of one record as JSON. */
  maxRecordBytes: number;
  /** Encode on although records are at fault: with `partial` their neighbours are wanted. */
  keepGood: boolean;
}

/**
 * Gathers the records of one batch: good ones as COPY lines, bad ones as faults. Records are counted from 0
 * in the order they are added.
 */
export class BatchEncoder {
  readonly #options: BatchOptions;
  readonly #details: ErrorDetail[] = [];
  readonly #lines = borrowLineBuffer();
  readonly #output: PlainOutput;
  #good = 0;
  #records = 0;
  #oversized = 0;

  constructor(options: BatchOptions) {
    this.#options = options;
    this.#output = {
      lines: this.#lines,
      traceId: Buffer.from(options.traceId),
      maxBytes: options.maxRecordBytes,
    };
  }

  /** Records added so far. */
  get records(): number {
    return this.#records;
  }

  get good(): number {
    return this.#good;
  }

  get bad(): number {
    return this.#records - this.#good;
  }

  /** Of the bad ones, those that are over the size of a record. */
  get oversized(): number {
    return this.#oversized;
  }

  /** Faults of the bad records, the first hundred. */
  get details(): readonly ErrorDetail[] {
    return this.#details;
  }

  /** COPY text of the good ones, unless one was bad and `keepGood` false. Ends the batch: nothing may follow. */
  finish(): string {
    const lines = this.#lines.text();
    returnLineBuffer(this.#lines);
    return lines;
  }

  #add(record: unknown, clean: boolean): void {
    const index = this.#records++;
    const line = this.#options.encoder.encode(record, this.#options.traceId, clean);
    if (line === null) {
      this.#refuse(index, (room) => this.#options.encoder.explain(record, room));
      return;
    }
    this.#good += 1;
    if (!this.#isWanted) return;
    this.#lines.reserve(line.length * 3);
    this.#lines.write(line);
  }

  /**
   * Adds the record that starts at `at` if it is of the common form; see {@link PlainEncoder}.
   *
   * @param bytes valid UTF-8
   * @returns where it ends, or -1: it was not added
   */
  addPlain(bytes: Buffer, at: number): number {
    if (!this.#isWanted) return -1;
    const end = this.#options.encoder.plain.encode(bytes, at, this.#output);
    if (end === -1) return -1;
    this.#records += 1;
    this.#good += 1;
    return end;
  }

  /** Adds a record that is alone on its line. */
  addLine(bytes: Buffer): void {
    if (this.#isWanted && this.#options.encoder.plain.encodeWhole(bytes, this.#output)) {
      this.#records += 1;
      this.#good += 1;
    } else this.addBytes(bytes);
  }

  /**
   * Adds a record given as bytes of JSON, and nothing but it.
   *
   * @returns what is wrong when the bytes are no JSON, and then the record counts as bad
   */
  addBytes(bytes: Buffer): string | null {
    if (bytes.length > this.#options.maxRecordBytes) {
      this.addOversized();
      return null;
    }
    const json = jsonText(bytes);
    if (json === null) return this.#addNoJson('it is not valid UTF-8');
    let record: unknown;
    try {
      record = JSON.parse(json.text);
    } catch (error) {
      return this.#addNoJson(jsonFault(error));
    }
    this.#add(record, json.clean);
    return null;
  }

  /** Whether the good ones are of use: with a bad one among them only `keepGood` says so. */
  get #isWanted(): boolean {
    return this.bad === 0 || this.#options.keepGood;
  }

  /** Counts a record that was too long to be looked at. */
  addOversized(): void {
    this.#oversized += 1;
    const message = `is over the ${this.#options.maxRecordBytes} bytes a record may have as JSON`;
    this.#refuse(this.#records++, () => [{ path: '', message }]);
  }

  #addNoJson(fault: string): string {
    this.#refuse(this.#records++, () => [{ path: '', message: `is not JSON: ${fault}` }]);
    return fault;
  }

  #refuse(index: number, explain: (room: number) => ErrorDetail[]): void {
    if (!this.#isWanted) this.#lines.clear();
    const room = MAX_ERROR_DETAILS - this.#details.length;
    if (room > 0) for (const detail of explain(room)) this.#details.push({ index, ...detail });
  }
}
