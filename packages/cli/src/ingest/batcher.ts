import type { OutRecord } from '../records/convert.js';
import type { Decoded } from '../records/decode.js';
import { decodeRun, type RecordFile } from '../records/record-reader.js';
import type { RawRecord } from '../records/splitter.js';
import { ContentChain } from './content-chain.js';
import type { Reject } from './rejects-file.js';

/** Records that are sent and settled together. */
export interface Batch {
  /** First byte in the file, and the one after the last. */
  start: number;
  end: number;
  records: OutRecord[];
  /** Where each of the records stands. */
  raws: RawRecord[];
  /** Records between `start` and `end` that can't be sent. */
  rejects: Reject[];
  /** Digest of the file up to `end`. */
  chain: string;
}

/** Options of {@link batches}. Boundaries follow from the content and these alone, so that a repeat has the same. */
export interface BatchOptions {
  /** Records and rejects in a batch at the most. */
  maxRecords: number;
  /** Bytes of the file in a batch; the record that passes it is the last. */
  maxBytes: number;
  /** Leaves out what was settled before: everything up to this byte, when the content up to there has this digest. */
  from: { offset: number; chain: string } | undefined;
  convert(value: string[] | Record<string, unknown>): OutRecord;
  /** The reasons why a record can't be accepted; none when it can. */
  check(record: OutRecord): string[];
}

/** The content before the byte to go on from is not what it was. */
export class FileChanged extends Error {}

/**
 * Cuts a file into batches.
 *
 * @throws FileChanged when it doesn't begin with the content that was settled before
 */
export async function* batches(file: RecordFile, options: BatchOptions): AsyncGenerator<Batch> {
  const chain = new ContentChain();
  if (file.format === 'csv') chain.add(file.header);
  let skipUntil = options.from?.offset ?? 0;
  let batch = emptyBatch(skipUntil);
  for await (const run of file.records) {
    const kept = skipUntil === 0 ? run : run.filter(({ start }) => start >= skipUntil);
    for (const raw of run.slice(0, run.length - kept.length)) chain.add(raw);
    if (kept.length === 0) continue;
    if (skipUntil > 0) assertSame(chain, options);
    skipUntil = 0;
    for (const decoded of decodeRun(file, kept)) {
      chain.add(decoded.raw);
      put(batch, decoded, options);
      const count = batch.records.length + batch.rejects.length;
      if (count >= options.maxRecords || batch.end - batch.start >= options.maxBytes) {
        yield { ...batch, chain: chain.digest() };
        batch = emptyBatch(batch.end);
      }
    }
  }
  if (skipUntil > 0) assertSame(chain, options);
  if (batch.records.length + batch.rejects.length > 0) yield { ...batch, chain: chain.digest() };
}

function put(batch: Batch, decoded: Decoded<string[] | Record<string, unknown>>, options: BatchOptions): void {
  const { raw } = decoded;
  batch.end = raw.end;
  if (decoded.fault !== undefined) {
    batch.rejects.push(rejectOf(raw, [decoded.fault]));
    return;
  }
  const record = options.convert(decoded.value);
  const reasons = options.check(record);
  if (reasons.length > 0) {
    batch.rejects.push(rejectOf(raw, reasons));
    return;
  }
  batch.records.push(record);
  batch.raws.push(raw);
}

/** What goes into the rejects file for a record. */
export function rejectOf({ line, bytes }: RawRecord, reasons: string[]): Reject {
  return { line, reasons, raw: bytes.toString('utf8') };
}

function emptyBatch(start: number): Batch {
  return { start, end: start, records: [], raws: [], rejects: [], chain: '' };
}

function assertSame(chain: ContentChain, { from }: BatchOptions): void {
  if (from !== undefined && chain.digest() !== from.chain) throw new FileChanged();
}
