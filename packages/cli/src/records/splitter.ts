import { CliError } from '../cli-error.js';

/** One record as it stands in the file. */
export interface RawRecord {
  /** First byte in the (decompressed) file, and the one after the last, line break included. */
  start: number;
  end: number;
  /** Line it begins in, from 1. */
  line: number;
  /** Without the line break. Empty when the record is over the limit. */
  bytes: Buffer;
  /** Longer than the limit; its bytes were not kept. */
  oversize: boolean;
}

/** Options of {@link RecordSplitter}. */
export interface SplitterOptions {
  /** In CSV a line break between quotes belongs to the record. */
  format: 'csv' | 'ndjson';
  /** One ASCII character; for CSV. */
  delimiter?: string;
  /** A record that is longer is not kept. Bytes. */
  maxRecordBytes: number;
}

const LF = 0x0a;
const CR = 0x0d;
const QUOTE = 0x22;

/**
 * Cuts a stream of bytes into records and knows where each one stands, so that a file of any size is read in
 * constant memory and an interrupted ingest can go on at the exact byte. It looks for quotes and line breaks
 * only; what is between them is the parser's part.
 *
 * A quote opens a quoted field only where a field begins, so that a stray quote spoils its own record and not
 * the rest of the file. Blank lines are left out.
 */
export class RecordSplitter {
  readonly #csv: boolean;
  readonly #delimiter: number;
  readonly #max: number;
  #buffer: Buffer = Buffer.alloc(0);
  /** Offset of the buffer's first byte in the file. */
  #base = 0;
  /** In the buffer: where the pending record begins, and how far it was looked through. */
  #start = 0;
  #scanned = 0;
  /** The next line break in the buffer that was looked for and not reached yet; its length when there is none. */
  #lineEnd = 0;
  #line = 1;
  #quoted = false;
  /** Where in the file the quoted field begins. */
  #quoteStart = 0;
  /** The pending record is over the limit: its bytes are dropped as they come. */
  #dropping: { start: number; line: number } | null = null;

  constructor({ format, delimiter = ',', maxRecordBytes }: SplitterOptions) {
    this.#csv = format === 'csv';
    this.#delimiter = delimiter.charCodeAt(0);
    this.#max = maxRecordBytes;
  }

  /** The records that this chunk completes. */
  push(chunk: Buffer): RawRecord[] {
    this.#buffer =
      this.#start === this.#buffer.length ? chunk : Buffer.concat([this.#buffer.subarray(this.#start), chunk]);
    this.#scanned -= this.#start;
    this.#lineEnd = 0;
    this.#base += this.#start;
    this.#start = 0;
    const records: RawRecord[] = [];
    for (let end = this.#findEnd(); end !== -1; end = this.#findEnd()) this.#take(end, records);
    this.#limit();
    return records;
  }

  /** The last record, when the file does not end with a line break. */
  flush(): RawRecord[] {
    const records: RawRecord[] = [];
    // A quote that is the last byte of the file closes its field.
    const closed = this.#scanned === this.#buffer.length - 1 && this.#buffer[this.#scanned] === QUOTE;
    if (this.#quoted && !closed) throw this.#unclosed();
    if (this.#start < this.#buffer.length || this.#dropping !== null) this.#take(this.#buffer.length, records);
    return records;
  }

  /** Where in the buffer the pending record ends, after its line break; -1 when it goes on. */
  #findEnd(): number {
    const buffer = this.#buffer;
    for (;;) {
      if (this.#quoted && !this.#findClosingQuote()) return -1;
      const lineEnd = this.#nextLineEnd();
      const quote = this.#csv ? this.#nextQuote(lineEnd) : -1;
      if (quote === -1) {
        this.#scanned = lineEnd === -1 ? buffer.length : lineEnd + 1;
        return lineEnd === -1 ? -1 : lineEnd + 1;
      }
      this.#quoted = quote === this.#start || buffer[quote - 1] === this.#delimiter;
      this.#quoteStart = this.#base + quote;
      this.#scanned = quote + 1;
    }
  }

  /** The next line break; -1 when there is none. Looked for once, and not again behind each quote of a long line. */
  #nextLineEnd(): number {
    if (this.#lineEnd <= this.#scanned) {
      const found = this.#buffer.indexOf(LF, this.#scanned);
      this.#lineEnd = found === -1 ? this.#buffer.length : found;
    }
    return this.#lineEnd === this.#buffer.length ? -1 : this.#lineEnd;
  }

  /** The next quote before the line ends; -1 when there is none. */
  #nextQuote(lineEnd: number): number {
    const until = lineEnd === -1 ? this.#buffer.length : lineEnd;
    const found = this.#buffer.subarray(this.#scanned, until).indexOf(QUOTE);
    return found === -1 ? -1 : this.#scanned + found;
  }

  /** Moves behind the quote that closes the field; false when more bytes are needed to tell. */
  #findClosingQuote(): boolean {
    const buffer = this.#buffer;
    for (;;) {
      const quote = buffer.indexOf(QUOTE, this.#scanned);
      if (quote === -1) {
        this.#scanned = buffer.length;
        return false;
      }
      if (quote + 1 === buffer.length) {
        // A second quote in the next chunk would make this one text.
        this.#scanned = quote;
        return false;
      }
      this.#scanned = quote + (buffer[quote + 1] === QUOTE ? 2 : 1);
      if (buffer[quote + 1] !== QUOTE) {
        this.#quoted = false;
        return true;
      }
    }
  }

  #take(end: number, records: RawRecord[]): void {
    const whole = this.#buffer.subarray(this.#start, end);
    let length = whole.length;
    if (whole[length - 1] === LF) length--;
    if (whole[length - 1] === CR) length--;
    const start = this.#dropping?.start ?? this.#base + this.#start;
    const oversize = this.#dropping !== null || length > this.#max;
    if (length > 0 || oversize) {
      const bytes = oversize ? Buffer.alloc(0) : whole.subarray(0, length);
      const line = this.#dropping?.line ?? this.#line;
      records.push({ start, end: this.#base + end, line, bytes, oversize });
    }
    this.#line += countLines(whole);
    this.#dropping = null;
    this.#start = end;
    this.#scanned = end;
  }

  /** Memory stays bounded: what is longer than a record may be is not kept. */
  #limit(): void {
    if (this.#buffer.length - this.#start <= this.#max) return;
    // One field as long as a whole record may be: rather than swallow the rest of the file, say where it begins.
    if (this.#quoted && this.#base + this.#buffer.length - this.#quoteStart > this.#max) throw this.#unclosed();
    this.#dropping ??= { start: this.#base + this.#start, line: this.#line };
    this.#line += countLines(this.#buffer.subarray(this.#start, this.#scanned));
    this.#start = this.#scanned;
  }

  #unclosed(): CliError {
    return new CliError(
      `The record that begins in line ${this.#dropping?.line ?? this.#line} opens a quote that is never closed.`,
      {
        hints: [
          'Close the quote, or double quotes that are text ("").',
          'Is this CSV? Say so with --input csv or ndjson.',
        ],
      },
    );
  }
}

function countLines(bytes: Buffer): number {
  let lines = 0;
  for (let at = bytes.indexOf(LF); at !== -1; at = bytes.indexOf(LF, at + 1)) lines++;
  return lines;
}
