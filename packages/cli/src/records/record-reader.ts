import { LIMITS } from '@loguro/types';
import { CliError } from '../cli-error.js';
import { type Decoded, decodeCsv, decodeNdjson, parseCells } from './decode.js';
import { detectDelimiter, detectFormat, type InputFormat } from './input-format.js';
import type { Source } from './source.js';
import { type RawRecord, RecordSplitter } from './splitter.js';

/** What is known about a file before its records are read. */
export type RecordFile =
  | { format: 'csv'; delimiter: string; headings: string[]; header: RawRecord; records: AsyncIterable<RawRecord[]> }
  | { format: 'ndjson'; records: AsyncIterable<RawRecord[]> };

/** Options of {@link openRecords}. */
export interface RecordFileOptions {
  /** Default: by name, then by content. */
  format?: InputFormat | undefined;
  /** Default: what cuts the header into the most columns. */
  delimiter?: string | undefined;
}

/** A record that is longer can't fit into {@link LIMITS.recordBytes} either: JSON may be that much shorter. */
const MAX_RECORD_BYTES = 4 * LIMITS.recordBytes;
/** Enough of the file to tell format and delimiter by. */
const HEAD_BYTES = 64 * 1024;

/**
 * Reads up to the header and hands on the rest as it comes, in runs of whole records.
 *
 * @throws CliError when the file is empty or its header can't be used
 */
export async function openRecords(source: Source, options: RecordFileOptions): Promise<RecordFile> {
  const chunks = source.chunks()[Symbol.asyncIterator]();
  const first: Buffer[] = [];
  for (let size = 0; size < HEAD_BYTES; ) {
    const { value, done } = await chunks.next();
    if (done) break;
    first.push(value);
    size += value.length;
  }
  const head = Buffer.concat(first).toString('utf8', 0, HEAD_BYTES);
  if (head.trim() === '') throw new CliError(`${source.name} is empty.`);
  const format = options.format ?? detectFormat(source.name, head);
  const delimiter = options.delimiter ?? detectDelimiter(head);
  const splitter = new RecordSplitter({ format, delimiter, maxRecordBytes: MAX_RECORD_BYTES });
  const records = runs(splitter, first, chunks);
  if (format === 'ndjson') return { format, records };
  const run = (await records.next()).value as RawRecord[];
  const header = run[0] as RawRecord;
  const headings = readHeadings(header, delimiter, source.name);
  return { format, delimiter, headings, header, records: prepend(run.slice(1), records) };
}

/** Parses a run of records of a CSV file. */
export function decodeRun(file: RecordFile, run: readonly RawRecord[]): Decoded<string[] | Record<string, unknown>>[] {
  return file.format === 'csv' ? decodeCsv(run, file.delimiter, file.headings.length) : decodeNdjson(run);
}

async function* runs(
  splitter: RecordSplitter,
  first: Buffer[],
  rest: AsyncIterator<Buffer>,
): AsyncGenerator<RawRecord[]> {
  try {
    for (const chunk of first) yield* nonEmpty(splitter.push(chunk));
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield* nonEmpty(splitter.push(next.value));
    yield* nonEmpty(splitter.flush());
  } finally {
    // Whoever reads only the beginning must not leave the file open.
    await rest.return?.();
  }
}

function* nonEmpty(records: RawRecord[]): Generator<RawRecord[]> {
  if (records.length > 0) yield records;
}

async function* prepend(run: RawRecord[], rest: AsyncIterable<RawRecord[]>): AsyncGenerator<RawRecord[]> {
  if (run.length > 0) yield run;
  yield* rest;
}

function readHeadings(header: RawRecord, delimiter: string, name: string): string[] {
  const cells = parseCells(header, delimiter);
  if (typeof cells === 'string') throw new CliError(`The header of ${name} can't be used: it ${cells}.`);
  const headings = cells.map((cell) => cell.trim());
  const unnamed = headings.indexOf('');
  if (unnamed !== -1) {
    throw new CliError(`Column ${unnamed + 1} of ${name} has no name in the header.`, {
      hints: ['The first line must name every column.'],
    });
  }
  const seen = new Set<string>();
  const twice = headings.find((heading) => seen.size === seen.add(heading).size);
  if (twice !== undefined) throw new CliError(`Two columns of ${name} are named "${twice}".`);
  return headings;
}
