import { isAscii } from 'node:buffer';

const TAB = 0x09;
const NEWLINE = 0x0a;
const QUOTE = 0x22;

/** Text is written here byte by byte and becomes one string at the end: ropes of small strings cost more to flatten. */
export class LineBuffer {
  #bytes: Buffer;
  #length = 0;

  /** @param initialBytes grows by itself when a line needs more */
  constructor(initialBytes: number) {
    this.#bytes = Buffer.allocUnsafeSlow(initialBytes);
  }

  /** Forgets what was written. */
  clear(): void {
    this.#length = 0;
  }

  /** What it holds in memory, in bytes. */
  get capacity(): number {
    return this.#bytes.length;
  }

  /** Makes room: to be called before any of the writes below, with all that they write together. */
  reserve(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#length + bytes));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }

  /** Bytes `[start, end)` of something. */
  copy(from: Uint8Array, start: number, end: number): void {
    const to = this.#bytes;
    let length = this.#length;
    for (let at = start; at < end; at++) to[length++] = from[at] as number;
    this.#length = length;
  }

  /** The same less the whitespace between the tokens of JSON without a backslash. */
  copyCompact(from: Uint8Array, start: number, end: number): void {
    const to = this.#bytes;
    let length = this.#length;
    let quoted = false;
    for (let at = start; at < end; at++) {
      const byte = from[at] as number;
      if (byte === QUOTE) quoted = !quoted;
      // Control characters are in no string, so what is left out is whitespace.
      if (byte > 0x20 || quoted) to[length++] = byte;
    }
    this.#length = length;
  }

  /** Text of any characters; `reserve` three bytes for each. */
  write(text: string): void {
    this.#length += this.#bytes.write(text, this.#length);
  }

  byte(byte: number): void {
    this.#bytes[this.#length] = byte;
    this.#length += 1;
  }

  tab(): void {
    this.byte(TAB);
  }

  newline(): void {
    this.byte(NEWLINE);
  }

  /** All of it as a string. */
  text(): string {
    const written = this.#bytes.subarray(0, this.#length);
    // One byte a character is what everything after this gets through fastest.
    return isAscii(written) ? written.toString('latin1') : written.toString();
  }
}

const INITIAL_BYTES = 64 * 1024;
/** Larger ones are left to the garbage collector. */
const KEPT_BYTES = 1024 * 1024;
const MAX_KEPT = 8;
const kept: LineBuffer[] = [];

/** An empty buffer; to be given back by {@link returnLineBuffer}, or it is lost, which costs no more than memory. */
export function borrowLineBuffer(): LineBuffer {
  return kept.pop() ?? new LineBuffer(INITIAL_BYTES);
}

/** It must not be used afterwards. */
export function returnLineBuffer(buffer: LineBuffer): void {
  buffer.clear();
  if (kept.length < MAX_KEPT && buffer.capacity <= KEPT_BYTES) kept.push(buffer);
}
