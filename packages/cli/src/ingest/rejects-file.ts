import { constants } from 'node:fs';
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
  /** Not a device or a pipe. */
  #isFile = true;

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
    const lines = Buffer.from(rejects.map((reject) => `${JSON.stringify(reject)}\n`).join(''));
    try {
      this.#handle ??= await this.#open();
      // A disk that is nearly full takes a part, and says so only the next time.
      for (let at = 0; at < lines.length; ) {
        const place = this.#isFile ? this.#bytes + at : null;
        at += (await this.#handle.write(lines, at, lines.length - at, place)).bytesWritten;
      }
      this.#bytes += lines.length;
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
    const handle = await open(this.path, constants.O_WRONLY | constants.O_CREAT, 0o600);
    const info = await handle.stat();
    this.#isFile = info.isFile();
    // Gone or shorter: somebody has dealt with what was in it, or this run names another file.
    if (this.#isFile) this.#bytes = Math.min(this.#bytes, info.size);
    if (this.#isFile) await handle.truncate(this.#bytes);
    return handle;
  }
}
