/**
 * Ends the lines of CSV with LF, as everything else here is printed and the tools of a shell expect; the service
 * ends them with CRLF (RFC 4180). Line breaks inside quotes are data, and stay.
 */
export class LineFeeds {
  #quoted = false;
  /** A carriage return at the end of a chunk: what follows decides. */
  #held = '';

  push(chunk: string): string {
    const text = this.#held + chunk;
    this.#held = text.endsWith('\r') ? '\r' : '';
    // An escaped quote is two, and changes nothing.
    return text.slice(0, text.length - this.#held.length).replaceAll(/"|\r\n/g, (match) => {
      if (match === '"') this.#quoted = !this.#quoted;
      return match === '"' || this.#quoted ? match : '\n';
    });
  }

  /** What is left. */
  end(): string {
    return this.#held;
  }
}
