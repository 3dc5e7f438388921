const NEWLINE = 0x0a;

/**
 * Cuts a stream of bytes into lines as they arrive. A line longer than the limit is never gathered: it is
 * reported once, as null, and skipped up to its end.
 */
export class LineSplitter {
  readonly #maxBytes: number;
  readonly #onLine: (line: Buffer | null) => void;
  #parts: Buffer[] = [];
  #bytes = 0;
  #skipping = false;

  /** @param onLine gets each line without its newline, or null for one that was too long */
  constructor(maxBytes: number, onLine: (line: Buffer | null) => void) {
    this.#maxBytes = maxBytes;
    this.#onLine = onLine;
  }

  write(chunk: Buffer): void {
    let start = 0;
    for (;;) {
      const newline = chunk.indexOf(NEWLINE, start);
      if (newline === -1) break;
      this.#gather(chunk.subarray(start, newline));
      this.#finish();
      start = newline + 1;
    }
    if (start < chunk.length) this.#gather(chunk.subarray(start));
  }

  /** The last line needs no newline. */
  end(): void {
    if (this.#bytes > 0 || this.#skipping) this.#finish();
  }

  #gather(part: Buffer): void {
    if (this.#skipping) return;
    this.#bytes += part.length;
    if (this.#bytes > this.#maxBytes) {
      this.#skipping = true;
      this.#parts = [];
    } else if (part.length > 0) this.#parts.push(part);
  }

  #finish(): void {
    const [first] = this.#parts;
    const line = this.#skipping
      ? null
      : this.#parts.length === 1 && first !== undefined
        ? first
        : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#bytes = 0;
    this.#skipping = false;
    this.#onLine(line);
  }
}
