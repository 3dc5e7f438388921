import { once } from 'node:events';
import type { Writable } from 'node:stream';
import picocolors from 'picocolors';
import { CliError } from '../cli-error.js';
import { EXIT } from '../exit-codes.js';
import type { Host } from '../host.js';
import { type Column, type Format, formatCsv, formatNdjson, type Row } from './formats.js';
import { safeText } from './safe-text.js';
import { formatItem, formatTable } from './table.js';

/** The flags that decide how a command prints. */
export interface OutputFlags {
  json?: boolean;
  format?: Format;
  quiet?: boolean;
  /** false: `--no-color`. */
  color?: boolean;
}

/** The reader closed the pipe (`| head`): nothing more to do, and nothing wrong. */
export class OutputClosed extends Error {}

/**
 * Where a command prints. Answers go to stdout in the chosen format; everything said to a person goes to
 * stderr, so that a pipe carries nothing but data.
 */
export class Output {
  readonly format: Format;
  readonly colors: ReturnType<typeof picocolors.createColors>;
  readonly #host: Host;
  readonly #quiet: boolean;

  constructor(host: Host, flags: OutputFlags) {
    this.#host = host;
    watch(host.stdout);
    this.#quiet = flags.quiet ?? false;
    this.format = flags.json ? 'json' : (flags.format ?? 'table');
    const wish = flags.color === false ? false : host.config.color;
    this.colors = picocolors.createColors(wish ?? host.stdout.isTTY ?? false);
  }

  /** Whether stderr is a terminal that a progress bar may draw on. */
  get interactive(): boolean {
    return (this.#host.stderr.isTTY ?? false) && !this.#quiet;
  }

  /** Characters in a line of stdout. */
  get width(): number {
    return this.#host.stdout.columns ?? 80;
  }

  /**
   * Waits until what was printed has left the process.
   *
   * @throws CliError when it could not be written
   */
  async end(): Promise<void> {
    const { stdout } = this.#host;
    if (!stdout.destroyed && !failures.has(stdout))
      await new Promise<void>((resolve) => stdout.write('', () => resolve()));
    if (stdout.destroyed || failures.has(stdout)) throw failureOf(failures.get(stdout));
  }

  /** Writes to stdout as it is, waiting while the reader is slow. */
  async data(text: string): Promise<void> {
    await write(this.#host.stdout, text);
  }

  /** A remark for a person, on stderr; silent with `--quiet`. */
  async note(text: string): Promise<void> {
    if (!this.#quiet) await write(this.#host.stderr, `${safeText(text)}\n`);
  }

  /** Something a person should look at, on stderr, even with `--quiet`. */
  async warn(text: string): Promise<void> {
    await write(this.#host.stderr, `${this.colors.yellow('Warning:')} ${safeText(text)}\n`);
  }

  /** One JSON document, as `--json` prints it. */
  async json(value: unknown): Promise<void> {
    await this.data(`${JSON.stringify(value, null, 2)}\n`);
  }

  /**
   * Rows in the chosen format.
   *
   * @param document what `--json` prints: the whole answer rather than the rows alone
   * @param empty said instead of an empty table
   */
  async rows(
    rows: readonly Row[],
    columns: readonly Column[],
    { document, empty }: { document?: unknown; empty?: string } = {},
  ): Promise<void> {
    if (this.format === 'json') return this.json(document ?? rows);
    if (this.format === 'ndjson') return this.data(formatNdjson(rows));
    if (this.format === 'csv') return this.data(formatCsv(rows, columns));
    if (rows.length === 0 && empty !== undefined) return this.note(empty);
    return this.data(await formatTable(rows, columns, this.colors.bold));
  }

  /**
   * One thing: a line for each of its properties, or the whole answer as JSON.
   *
   * @param document what `--json` prints
   */
  async item(item: Row, columns: readonly Column[], document: unknown): Promise<void> {
    if (this.format === 'json') return this.json(document);
    if (this.format !== 'table') return this.rows([item], columns);
    await this.data(await formatItem(item, columns, this.colors.bold));
  }
}

/** What went wrong with a stream; process.stdout itself forgets it. */
const failures = new WeakMap<Writable, Error>();
const watched = new WeakSet<Writable>();

function watch(stream: Writable): void {
  if (watched.has(stream)) return;
  watched.add(stream);
  stream.on('error', (error) => failures.set(stream, error));
}

async function write(stream: Writable, text: string): Promise<void> {
  if (stream.destroyed || failures.has(stream)) throw failureOf(failures.get(stream));
  if (stream.write(text)) return;
  await once(stream, 'drain').catch((error: Error) => {
    throw failureOf(error);
  });
}

/** A reader that has seen enough is no fault; a disk that is full cuts off an answer. */
function failureOf(error: (Error & { code?: string }) | undefined): Error {
  if (error === undefined || error.code === 'EPIPE' || error.code === 'ECONNRESET') return new OutputClosed();
  return new CliError(`The output can't be written (${error.code ?? error.message}): what is there is not all of it.`, {
    exitCode: EXIT.unexpected,
    cause: error,
  });
}
