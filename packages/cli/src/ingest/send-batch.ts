import { createHash } from 'node:crypto';
import { type DatasetIngestClient, isLoguroError, type LoguroError } from '@loguro/datasets';
import type { OutRecord } from '../records/convert.js';
import type { RawRecord } from '../records/splitter.js';
import { type Batch, rejectOf } from './batcher.js';
import type { Reject } from './rejects-file.js';

/** The part of the SDK's client that is used here. */
export type Sender = Pick<DatasetIngestClient, 'sendBatch'>;

/** What became of a batch. */
export interface Settled {
  accepted: number;
  rejects: Reject[];
  /** One for each request that was accepted. */
  receipts: string[];
}

/** The faults that an answer names at the most. */
const MAX_DETAILS = 100;
/** Well below the 255 characters of an Idempotency-Key. */
const MAX_KEY = 200;

/** Records of one request, each with its place in the file. */
interface Part {
  records: OutRecord[];
  raws: RawRecord[];
  key: string;
}

/**
 * Sends a batch until each of its records is either accepted or known to be bad.
 *
 * A request is all or nothing: when the server refuses some of its records, they are taken out and the rest is
 * sent again; when it is too large, it is halved. The keys of those follow from the batch's key, so a repeat of
 * the whole takes the same steps and stores nothing twice.
 *
 * @throws LoguroError for everything that is not the records' fault
 */
export async function sendBatch(sender: Sender, batch: Batch, key: string, signal: AbortSignal): Promise<Settled> {
  const settled: Settled = { accepted: 0, rejects: [...batch.rejects], receipts: [] };
  const parts: Part[] = [{ records: batch.records, raws: batch.raws, key }];
  for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
    if (part.records.length > 0) parts.push(...(await sendPart(sender, part, settled, signal)));
  }
  settled.rejects.sort((a, b) => a.line - b.line);
  return settled;
}

/** @returns what is left to send */
async function sendPart(sender: Sender, part: Part, settled: Settled, signal: AbortSignal): Promise<Part[]> {
  try {
    const { receipt } = await sender.sendBatch(part.records as never, { idempotencyKey: part.key, signal });
    settled.accepted += part.records.length;
    settled.receipts.push(receipt);
    return [];
  } catch (error) {
    if (isLoguroError(error, 'invalid_record')) return withoutBad(part, error, settled);
    if (isLoguroError(error, 'payload_too_large')) return smaller(part, settled);
    throw error;
  }
}

function withoutBad(part: Part, error: LoguroError, settled: Settled): Part[] {
  const reasons = new Map<number, string[]>();
  for (const { index, path, message } of error.details) {
    if (index === undefined) continue;
    reasons.set(index, [...(reasons.get(index) ?? []), path === '' ? message : `${path}: ${message}`]);
  }
  // Refused without saying which: there is nothing to take out.
  if (reasons.size === 0) throw error;
  for (const [index, why] of reasons) settled.rejects.push(rejectOf(part.raws[index] as RawRecord, why));
  const rest = {
    records: part.records.filter((_, i) => !reasons.has(i)),
    raws: part.raws.filter((_, i) => !reasons.has(i)),
    key: derivedKey(part.key, 'r'),
  };
  // An answer names a hundred faults. When there may be more, sending all the rest for each hundred would take the
  // square of their number.
  return error.details.length < MAX_DETAILS || rest.records.length < 2 ? [rest] : halves(rest);
}

function smaller(part: Part, settled: Settled): Part[] {
  if (part.records.length > 1) return halves(part);
  settled.rejects.push(rejectOf(part.raws[0] as RawRecord, ['is longer than a record may be']));
  return [];
}

/** The second half first: the last is taken next. */
function halves({ records, raws, key }: Part): Part[] {
  const half = records.length >> 1;
  return [
    { records: records.slice(half), raws: raws.slice(half), key: derivedKey(key, 'b') },
    { records: records.slice(0, half), raws: raws.slice(0, half), key: derivedKey(key, 'a') },
  ];
}

/** Follows from the batch's key and the steps taken, and is no longer than a key may be. */
function derivedKey(key: string, step: string): string {
  const whole = `${key}.${step}`;
  return whole.length <= MAX_KEY ? whole : `loguro-${createHash('sha256').update(whole).digest('base64url')}`;
}
