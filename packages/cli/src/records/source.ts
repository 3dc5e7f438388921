import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { addAbortSignal, pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { CliError } from '../cli-error.js';
import { EXIT } from '../exit-codes.js';
import type { Host } from '../host.js';

/** Bytes to read records from. */
export interface Source {
  /** `-` for stdin. */
  path: string;
  /** For messages. */
  name: string;
  /** Size on disk, which for gzip is that of the compressed bytes; undefined for stdin. */
  totalBytes: number | undefined;
  /** Bytes taken from the disk so far, comparable with `totalBytes`. */
  bytesRead(): number;
  /**
   * The content: decompressed, without a byte order mark. Can be read once. The host's signal ends it, also while it
   * waits for bytes, with a CliError.
   */
  chunks(): AsyncIterable<Buffer>;
}

const CHUNK_BYTES = 256 * 1024;

/** @throws CliError when the file can't be read; says why */
export async function openSource(host: Host, path: string): Promise<Source> {
  if (path === '-') return sourceOf(host, host.stdin, '-', 'stdin', undefined);
  const full = resolve(host.cwd, path);
  const info = await stat(full).catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'ENOENT' ? 'does not exist' : `can't be read (${error.code})`;
    throw new CliError(`${path} ${why}.`, { hints: ['Name a file, or - to read from stdin.'] });
  });
  if (info.isDirectory()) throw new CliError(`${path} is a folder.`, { hints: ['Name a file in it.'] });
  const stream = createReadStream(full, { highWaterMark: CHUNK_BYTES });
  return sourceOf(host, stream, full, basename(full), info.isFile() ? info.size : undefined);
}

function sourceOf(
  { signal }: Host,
  stream: Readable,
  path: string,
  name: string,
  totalBytes: number | undefined,
): Source {
  let read = 0;
  async function* counted(): AsyncGenerator<Buffer> {
    try {
      for await (const chunk of addAbortSignal(signal, stream)) {
        const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Buffer);
        read += bytes.length;
        yield bytes;
      }
    } catch (cause) {
      if (signal.aborted) throw new CliError('Interrupted.', { exitCode: EXIT.interrupted, cause });
      const { code, message } = cause as NodeJS.ErrnoException;
      throw new CliError(`${name} can't be read (${code ?? message}).`, { cause });
    }
  }
  return { path, name, totalBytes, bytesRead: () => read, chunks: () => decoded(counted(), name) };
}

async function* decoded(input: AsyncGenerator<Buffer>, name: string): AsyncGenerator<Buffer> {
  const { head, rest } = await peek(input, 3);
  if (isGzip(head)) {
    yield* content(gunzip(rest, name), name);
    return;
  }
  yield* content(rest, name);
}

async function* content(input: AsyncIterable<Buffer>, name: string): AsyncGenerator<Buffer> {
  const { head, rest } = await peek(input, 3);
  if ((head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff)) {
    throw new CliError(`${name} is encoded in UTF-16.`, {
      hints: [`Convert it: iconv -f UTF-16 -t UTF-8 ${name} > utf8-${name}`],
    });
  }
  let mark = head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf;
  for await (const chunk of rest) {
    yield mark ? chunk.subarray(3) : chunk;
    mark = false;
  }
}

/** The first bytes, and everything once more from the beginning. */
async function peek(input: AsyncIterable<Buffer>, bytes: number) {
  const iterator = input[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  while (head.length < bytes) {
    const { value, done } = await iterator.next();
    if (done) break;
    head = Buffer.concat([head, value as Buffer]);
  }
  async function* rest(): AsyncGenerator<Buffer> {
    if (head.length > 0) yield head;
    yield* { [Symbol.asyncIterator]: () => iterator };
  }
  return { head, rest: rest() };
}

function isGzip(head: Buffer): boolean {
  return head[0] === 0x1f && head[1] === 0x8b;
}

async function* gunzip(input: AsyncIterable<Buffer>, name: string): AsyncGenerator<Buffer> {
  const inflated = createGunzip({ chunkSize: CHUNK_BYTES });
  // Errors of either stream surface in the loop below.
  pipeline(Readable.from(input, { objectMode: false }), inflated, () => {});
  try {
    for await (const chunk of inflated) yield chunk as Buffer;
  } catch (cause) {
    if (cause instanceof CliError) throw cause;
    throw new CliError(`${name} is a gzip file, but a damaged one.`, { cause });
  }
}
