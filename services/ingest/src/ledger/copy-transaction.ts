import type { Connection, Submittable } from 'pg';

/** One statement of a {@link CopyTransaction}; with `lines`, a `COPY … FROM STDIN` and its data. */
export interface Step {
  sql: string;
  /** COPY text, whole lines; sent as they are. */
  lines?: readonly Buffer[];
}

/** What PostgreSQL said, and to which of the steps. */
export interface StepFailure {
  /** An ErrorResponse of the server (it has a `code`), or a failure of the connection (it has none). */
  error: Error & { code?: string };
  /** Index of the step that failed; the steps before it were undone with it. */
  step: number;
}

const QUERY = 0x51; // Q
const COPY_DATA = 0x64; // d
const COPY_DONE = 0x63; // c
const HEADER = 5;

/**
 * Several statements, COPYs and their data among them, in one write and one round trip.
 *
 * The statements travel as one Query message, which PostgreSQL runs as one transaction and commits at its
 * end when it is not within one already (manual, "Pipelining" and "Multiple Statements in a Simple
 * Query"). The data of the COPYs is sent behind it without waiting for the server's invitation: it reads
 * them when it gets there, and drops them when an earlier statement failed ("COPY Operations"). On a
 * loopback this halves the time of a small transaction against BEGIN, INSERT, COPY, COMMIT in turn.
 */
export class CopyTransaction implements Submittable {
  /** Resolves when all steps are done (and committed); rejects never. */
  readonly outcome: Promise<StepFailure | null>;
  readonly #steps: readonly Step[];
  #settle: (failure: StepFailure | null) => void = () => undefined;
  #done = 0;

  constructor(steps: readonly Step[]) {
    this.#steps = steps;
    this.outcome = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  submit(connection: Connection): void {
    connection.stream.write(encode(this.#steps));
  }

  handleCommandComplete(): void {
    this.#done += 1;
  }

  handleError(error: Error): void {
    this.#settle({ error, step: Math.min(this.#done, this.#steps.length - 1) });
  }

  handleReadyForQuery(): void {
    this.#settle(null);
  }

  // Sent unasked; see above.
  handleCopyInResponse(): void {}
  handleRowDescription(): void {}
  handleDataRow(): void {}
  handleEmptyQuery(): void {}
  handlePortalSuspended(): void {}
  handleCopyData(): void {}
}

/** The protocol messages of the steps (manual, "Message Formats"). One buffer: fewer writes, fewer copies. */
function encode(steps: readonly Step[]): Buffer {
  const text = steps.map(({ sql }) => sql).join(';');
  const textLength = Buffer.byteLength(text);
  let size = HEADER + textLength + 1;
  for (const { lines } of steps) {
    if (lines === undefined) continue;
    for (const part of lines) size += HEADER + part.length;
    size += HEADER;
  }
  const buffer = Buffer.allocUnsafe(size);
  let at = header(buffer, 0, QUERY, textLength + 1);
  at += buffer.write(text, at, 'utf8');
  at = buffer.writeUInt8(0, at);
  for (const { lines } of steps) {
    if (lines === undefined) continue;
    for (const part of lines) {
      at = header(buffer, at, COPY_DATA, part.length);
      at += part.copy(buffer, at);
    }
    at = header(buffer, at, COPY_DONE, 0);
  }
  return buffer;
}

function header(buffer: Buffer, at: number, type: number, length: number): number {
  buffer.writeUInt8(type, at);
  return buffer.writeInt32BE(length + 4, at + 1);
}
