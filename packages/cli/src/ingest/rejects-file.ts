import { type FileHandle, open } from 'node:fs/promises';
import { CliError } from '../cli-error.js';

/** A record that was not accepted. */
export interface Reject {
  /** Line it begins in, from 1. */
  line: number;
  /** Why, one sentence per place at fault. */
  reasons: string[];
  /** The record as it stands in the file; empty when it was too long to keep. */
  raw: string;
}

/** The rejects, one JSON object a line. The file is made when the first one comes. */
export class RejectsFile {
  readonly path: string;
  #handle: FileHandle | undefined;
  #bytes: number;

  /** @param bytes how much of an existing file belongs to what is settled; what stands behind it is cut off */
  constructor(path: string, bytes: number) {
    this.path = path;
    this.#bytes = bytes;
  }

  /** Length of what was written. */
  get bytes(): number {
    return this.#bytes;
  }

  async append(rejects: readonly Reject[]): Promise<void> {
    if (rejects.length === 0) return;
    const text = rejects.map((reject) => `${JSON.stringify(reject)}\n`).join('');
    try {
      this.#handle ??= await this.#open();
      await this.#handle.write(text, this.#bytes);
      this.#bytes += Buffer.byteLength(text);
    } catch (error) {
      throw new CliError(`Rejects can't be written to ${this.path} (${(error as NodeJS.ErrnoException).code}).`, {
        hints: ['Name another file: --rejects FILE'],
        cause: error,
      });
    }
  }

  async close(): Promise<void> {
    await this.#handle?.close();
    this.#handle = undefined;
  }

  async #open(): Promise<FileHandle> {
    // What was rejected may hold personal data: readable for the owner alone.
    const handle = await open(this.path, this.#bytes > 0 ? 'r+' : 'w', 0o600);
    await handle.truncate(this.#bytes);
    return handle;
  }
}
