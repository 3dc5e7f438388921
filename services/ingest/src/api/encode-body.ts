import { isUtf8 } from 'node:buffer';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ApiError, type ErrorDetail, LIMITS, MAX_ERROR_DETAILS } from '@loguro/types';
import { ArrayItems, isArray, NotAnArrayError } from '../records/array-items.js';
import type { BatchEncoder } from '../records/batch-encoder.js';
import { jsonFault, jsonText } from '../records/json-bytes.js';
import { borrowLineBuffer, returnLineBuffer } from '../records/line-buffer.js';
import type { PlainEncoder } from '../records/plain-encoder.js';
import type { RecordEncoder } from '../records/record-encoder.js';

/** What became of the records of one request, without the records. */
export interface EncodedCounts {
  good: number;
  bad: number;
  /** Of the bad ones, those over the size of a record. */
  oversized: number;
  /** The first hundred faults. */
  details: readonly ErrorDetail[];
}

/** What became of the records of one request. */
export interface Encoded extends EncodedCounts {
  /** COPY text of the good ones; of no use when some are bad and the request does not take that. */
  lines: string;
}

/** What is allowed of one request; see `LIMITS` of the contract. */
export interface BatchLimits {
  recordBytes: number;
  batchRecords: number;
}

/** Work on a large batch is interrupted after this long, so that other requests get their turn, in milliseconds. */
const SLICE_MS = 5;
/** A batch: the array, the record and its context. */
const MAX_DEPTH = LIMITS.contextDepth + 2;

/** The one record of a body. @throws ApiError `malformed_json` */
export function encodeOne(body: Buffer, encoder: RecordEncoder, traceId: string): Encoded {
  const lines = encodePlain(body, encoder.plain, traceId);
  if (lines !== null) return one(lines);
  const { value, clean } = parse(body);
  const line = encoder.encode(value, traceId, clean);
  if (line !== null) return one(line);
  return { lines: '', good: 0, bad: 1, oversized: 0, details: encoder.explain(value, MAX_ERROR_DETAILS) };
}

/** The line of a body that is one record of the common form; null when it is not. */
function encodePlain(body: Buffer, encoder: PlainEncoder, traceId: string): string | null {
  const lines = borrowLineBuffer();
  const done = encoder.encodeWhole(body, { lines, traceId: Buffer.from(traceId), maxBytes: body.length });
  const text = done ? lines.text() : null;
  returnLineBuffer(lines);
  return text;
}

function one(lines: string): Encoded {
  return { lines, good: 1, bad: 0, oversized: 0, details: [] };
}

/**
 * The records of a JSON array, cut into its items first; see {@link ArrayItems}.
 *
 * @throws ApiError `malformed_json`, `invalid_request` when it is no array, `payload_too_large` when it has
 *   too many records
 */
export async function encodeArray(body: Buffer, batch: BatchEncoder, limits: BatchLimits): Promise<Encoded> {
  checkIsArray(body, limits);
  let pause = performance.now() + SLICE_MS;
  const wellFormed = isUtf8(body);
  try {
    for (const items = new ArrayItems(body, MAX_DEPTH); !items.done; ) {
      if (batch.records >= limits.batchRecords) throw tooMany(limits);
      const plainEnd = wellFormed ? batch.addPlain(body, items.start) : -1;
      items.next(plainEnd === -1 ? addItem(body, items, batch) : plainEnd);
      if (performance.now() < pause) continue;
      await nextTurn();
      pause = performance.now() + SLICE_MS;
    }
  } catch (error) {
    if (!(error instanceof NotAnArrayError)) throw error;
    throw malformed(`${error.message} at position ${error.position}`);
  }
  return finishBatch(batch);
}

/** What is no JSON at all is told so, if looking at it is cheap. */
function checkIsArray(body: Buffer, { recordBytes }: BatchLimits): void {
  if (isArray(body)) return;
  if (body.length <= recordBytes) parse(body);
  throw notAnArray();
}

/** Adds an item the long way. @returns where it ends */
function addItem(body: Buffer, items: ArrayItems, batch: BatchEncoder): number {
  const end = items.end();
  const fault = batch.addBytes(body.subarray(items.start, end));
  if (fault !== null) throw malformed(`record ${batch.records - 1}: ${fault}`);
  return end;
}

/**
 * Adds one line of NDJSON; null: it was too long to be kept. Blank lines are skipped.
 *
 * @throws ApiError `payload_too_large` when there are too many records
 */
export function encodeLine(line: Buffer | null, batch: BatchEncoder, limits: BatchLimits): void {
  if (line !== null && isBlank(line)) return;
  if (batch.records >= limits.batchRecords) throw tooMany(limits);
  if (line === null) batch.addOversized();
  else batch.addLine(line);
}

/** @throws ApiError `invalid_request` when there was no record at all */
export function finishBatch(batch: BatchEncoder): Encoded {
  if (batch.records === 0) {
    throw new ApiError('invalid_request', 'A batch has at least one record.', {
      details: [{ path: '', message: 'must have at least one record' }],
    });
  }
  const { good, bad, oversized, details } = batch;
  return { lines: batch.finish(), good, bad, oversized, details };
}

function parse(body: Buffer): { value: unknown; clean: boolean } {
  const json = jsonText(body);
  if (json === null) throw malformed('it is not valid UTF-8');
  try {
    return { value: JSON.parse(json.text) as unknown, clean: json.clean };
  } catch (error) {
    throw malformed(jsonFault(error));
  }
}

function isBlank(line: Buffer): boolean {
  for (const byte of line) if (byte !== 0x20 && byte !== 0x0d && byte !== 0x09) return false;
  return true;
}

function malformed(fault: string): ApiError {
  return new ApiError('malformed_json', `The body is not valid JSON: ${fault}.`);
}

function notAnArray(): ApiError {
  return new ApiError(
    'invalid_request',
    'A batch is a JSON array of records; a single record goes to the path without /batch.',
    {
      details: [{ path: '', message: 'must be an array' }],
    },
  );
}

function tooMany({ batchRecords }: BatchLimits): ApiError {
  return new ApiError('payload_too_large', `A batch has at most ${batchRecords} records.`);
}
