import { createHash, type Hash } from 'node:crypto';
import { BatchEncoder } from '../records/batch-encoder.js';
import { LineSplitter } from '../records/line-splitter.js';
import { receiptOf } from '../records/receipt-id.js';
import type { Access, AccessControl } from './access.js';
import { dryRunAnswer, queuedAnswer, refusal } from './answers.js';
import type { BodyBudget, BodyShare } from './body-budget.js';
import {
  type BatchLimits,
  type Encoded,
  type EncodedCounts,
  encodeArray,
  encodeLine,
  encodeOne,
  finishBatch,
} from './encode-body.js';
import { type IngestOptions, readIngestOptions, selectDataset } from './ingest-options.js';
import type { KeyLimits } from './key-limits.js';
import { type BodyFormat, readFormat } from './media-type.js';
import { checkLength, readBody } from './read-body.js';
import type { ReceiptWatcher } from './receipt-watcher.js';
import type { RecordSink } from './record-sink.js';
import type { Reply } from './reply.js';
import type { IngestTarget } from './target.js';

/** What the hot path works with. */
export interface HotPathDeps {
  access: AccessControl;
  budget: BodyBudget;
  keyLimits: KeyLimits;
  limits: BatchLimits & { bodyBytes: number };
  sink: RecordSink;
  watcher: ReceiptWatcher;
}

/** A request whose headers are in order. */
interface Admitted {
  batch: boolean;
  options: IngestOptions;
  format: BodyFormat;
  /** Of the body after decompression. */
  maxBytes: number;
  /** As the request names it; null: the default one. */
  dataset: number | null;
  access: Access;
}

/**
 * Checks that are older than this when the body is complete are made again, in milliseconds: the key may
 * have been revoked while the body trickled in. Together with the age of what they rest on this stays within
 * the second in which a revocation must be seen.
 */
const RECHECK_MS = 200;

/** Records that the queue has. The records themselves are no part of it: a request may wait long, and hold little. */
interface Queued extends EncodedCounts {
  chunkId: string;
  dataset: number;
  batch: boolean;
  options: IngestOptions;
}

/**
 * `POST /datasets…` from its headers to its answer, past Express: all that a record costs is in here and in
 * what this calls. With warm caches nothing waits before the body, and nothing after it but the queue.
 *
 * @throws ApiError for the client, ClientGoneError when there is none any more
 */
export async function ingest(deps: HotPathDeps, target: IngestTarget, reply: Reply): Promise<void> {
  const queued = await takeIn(deps, target, reply);
  if (queued === null) return;
  const { chunkId, dataset, batch, options } = queued;
  const stored = options.waitMs > 0 && (await isStored(deps.watcher, chunkId, options.waitMs));
  const receipt = receiptOf(chunkId, dataset);
  reply.json(stored ? 200 : 202, queuedAnswer(queued, { stored, receipt, batch, partial: options.partial }));
}

/**
 * Reads the records and queues them. A function of its own, so that body and lines are let go of when it returns,
 * with their share of the budget.
 *
 * @returns null: it was a dry run, and is answered
 */
async function takeIn(deps: HotPathDeps, target: IngestTarget, reply: Reply): Promise<Queued | null> {
  const share = deps.budget.open();
  try {
    const admitted = await admit(deps, target, reply);
    const { access, options, batch } = admitted;
    const hash = options.idempotencyKey === null ? null : bodyHash(admitted);
    if (reply.expectsContinue) reply.proceed();
    const encoded = await receive(deps, admitted, reply, share, hash);
    reply.badRecords = encoded.bad;
    reply.oversizedRecords = encoded.oversized;
    if (performance.now() - reply.startedAt > RECHECK_MS) await checkAccess(deps, admitted.dataset, reply);
    if (options.dryRun) {
      reply.json(200, dryRunAnswer(encoded));
      return null;
    }
    if (encoded.good === 0 || (encoded.bad > 0 && !options.partial)) throw refusal(encoded, batch);

    deps.keyLimits.records(access.key.id, encoded.good);
    const chunkId = await deps.sink.store(access, encoded, options.idempotencyKey, hash, reply.span);
    const { good, bad, oversized, details } = encoded;
    return { chunkId, dataset: access.dataset, batch, options, good, bad, oversized, details };
  } finally {
    share.release();
  }
}

/** Who (401, 403), what is asked (400, 413, 415), where to (404); in this order. */
async function admit(deps: HotPathDeps, target: IngestTarget, reply: Reply): Promise<Admitted> {
  const { headers } = reply.req;
  const key = await deps.access.key(headers, reply, reply.startedAt);
  deps.keyLimits.request(key.id, reply);
  const { batch } = target;
  const options = readIngestOptions(target, headers);
  const format = readFormat(headers, batch);
  const maxBytes = batch ? deps.limits.bodyBytes : deps.limits.recordBytes;
  checkLength(headers['content-length'], format.encoding, maxBytes);
  const dataset = selectDataset(target, headers);
  const access = await deps.access.dataset(key, dataset, reply.startedAt);
  return { batch, options, format, maxBytes, dataset, access };
}

async function checkAccess(deps: HotPathDeps, dataset: number | null, reply: Reply): Promise<void> {
  const now = performance.now();
  await deps.access.dataset(await deps.access.key(reply.req.headers, reply, now), dataset, now);
}

/** Reads the body and encodes its records; NDJSON while it arrives, the rest when it is complete. */
async function receive(
  deps: HotPathDeps,
  { batch, options, format, maxBytes, access }: Admitted,
  reply: Reply,
  share: BodyShare,
  hash: Hash | null,
): Promise<Encoded> {
  const { encoder } = access;
  const read = (onChunk: (chunk: Buffer) => void) =>
    readBody(reply, { encoding: format.encoding, maxBytes, share }, (chunk) => {
      hash?.update(chunk);
      onChunk(chunk);
    });
  const records = () =>
    new BatchEncoder({
      encoder,
      traceId: reply.requestId,
      maxRecordBytes: deps.limits.recordBytes,
      keepGood: options.partial,
    });
  if (format.ndjson) {
    const gathered = records();
    const lines = new LineSplitter(deps.limits.recordBytes, (line) => encodeLine(line, gathered, deps.limits));
    await read((chunk) => lines.write(chunk));
    lines.end();
    return finishBatch(gathered);
  }
  const chunks: Buffer[] = [];
  await read((chunk) => chunks.push(chunk));
  const body = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
  return batch ? encodeArray(body, records(), deps.limits) : encodeOne(body, encoder, reply.requestId);
}

/** Begins the hash of all that decides what a request stores, for its `Idempotency-Key`. */
function bodyHash({ batch, format, options }: Admitted): Hash {
  return createHash('sha256').update(JSON.stringify([batch, format.ndjson, options.partial]));
}

/** Of a chunk with dead records it can't be said which requests they came with. */
async function isStored(watcher: ReceiptWatcher, chunkId: string, waitMs: number): Promise<boolean> {
  const entry = await watcher.await(chunkId, waitMs);
  return entry !== null && entry.records > 0 && entry.dead === 0;
}
