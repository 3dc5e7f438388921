import { setImmediate as nextTurn } from 'node:timers/promises';
import { ApiError, type ErrorDetail, LIMITS, MAX_ERROR_DETAILS } from '@loguro/types';
import { arrayItems, NotAnArrayError } from '../records/array-items.js';
import type { BatchEncoder } from '../records/batch-encoder.js';
import { jsonFault, jsonText } from '../records/json-bytes.js';
import type { RecordEncoder } from '../records/record-encoder.js';

/** What became of the records of one request. */
export interface Encoded {
  /** COPY text of the good ones; of no use when some are bad and the request does not take that. */
  lines: string;
  good: number;
  bad: number;
  /** Of the bad ones, those over the size of a record. */
  oversized: number;
  /** The first hundred faults. */
  details: readonly ErrorDetail[];
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
  const { value, clean } = parse(body);
  const line = encoder.encode(value, traceId, clean);
  if (line !== null) return { lines: line, good: 1, bad: 0, oversized: 0, details: [] };
  return { lines: '', good: 0, bad: 1, oversized: 0, details: encoder.explain(value, MAX_ERROR_DETAILS) };
}

/**
 * The records of a JSON array.
 *
 * A body no larger than one record may be is parsed in one go, which is fastest and bounded. A larger one is
 * cut into its records first; see {@link arrayItems}.
 *
 * @throws ApiError `malformed_json`, `invalid_request` when it is no array, `payload_too_large` when it has
 *   too many records
 */
export async function encodeArray(body: Buffer, batch: BatchEncoder, limits: BatchLimits): Promise<Encoded> {
  if (body.length <= limits.recordBytes) {
    const { value, clean } = parse(body);
    if (!Array.isArray(value)) throw notAnArray();
    if (value.length > limits.batchRecords) throw tooMany(limits);
    for (const record of value) batch.add(record, clean);
    return finishBatch(batch);
  }
  let pause = performance.now() + SLICE_MS;
  try {
    for (const [start, end] of arrayItems(body, MAX_DEPTH)) {
      if (batch.records >= limits.batchRecords) throw tooMany(limits);
      const fault = batch.addBytes(body.subarray(start, end));
      if (fault !== null) throw malformed(`record ${batch.records - 1}: ${fault}`);
      if (performance.now() < pause) continue;
      await nextTurn();
      pause = performance.now() + SLICE_MS;
    }
  } catch (error) {
    if (!(error instanceof NotAnArrayError)) throw error;
    throw error.position === 0 ? notAnArray() : malformed(`${error.message} at position ${error.position}`);
  }
  return finishBatch(batch);
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
  else batch.addBytes(line);
}

/** @throws ApiError `invalid_request` when there was no record at all */
export function finishBatch(batch: BatchEncoder): Encoded {
  if (batch.records === 0) {
    throw new ApiError('invalid_request', 'A batch has at least one record.', {
      details: [{ path: '', message: 'must have at least one record' }],
    });
  }
  const { lines, good, bad, oversized, details } = batch;
  return { lines, good, bad, oversized, details };
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
