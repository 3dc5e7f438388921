import type { IncomingHttpHeaders } from 'node:http';
import {
  ApiError,
  createValidators,
  DATASET_ID_HEADER,
  IDEMPOTENCY_KEY_HEADER,
  IngestBatchQuery,
  IngestOneQuery,
  LIMITS,
  RECEIPT_WAIT_MS,
} from '@loguro/types';
import { type IngestTarget, parseDatasetId } from './target.js';

/** What the query string and the headers of an ingest request ask for. */
export interface IngestOptions {
  dryRun: boolean;
  partial: boolean;
  /** How long the answer may be held until the records can be queried, in milliseconds; 0: not at all. */
  waitMs: number;
  idempotencyKey: string | null;
}

const validators = createValidators([]);
const queries = { one: validators.compile(IngestOneQuery), batch: validators.compile(IngestBatchQuery) };
const NO_OPTIONS: IngestOptions = { dryRun: false, partial: false, waitMs: 0, idempotencyKey: null };
/** Printable ASCII, the only characters that every HTTP library passes on unchanged. */
const PRINTABLE = /^[\x20-\x7e]+$/;
const PREFER_WAIT = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,9})"?\s*(?:$|[,;])/i;

/** @throws ApiError `invalid_request` for an unknown or repeated parameter, or a header that can't be meant */
export function readIngestOptions(target: IngestTarget, headers: IncomingHttpHeaders): IngestOptions {
  const key = headers[IDEMPOTENCY_KEY_HEADER];
  const prefer = headers.prefer;
  // The common case asks for nothing.
  if (target.search === '' && key === undefined && prefer === undefined) return NO_OPTIONS;
  const query = readQuery(target.search, target.batch ? queries.batch : queries.one);
  return {
    dryRun: query.dry_run === 'true',
    partial: query.partial === 'true',
    waitMs: waitOf(query.wait, prefer),
    idempotencyKey: key === undefined ? null : readIdempotencyKey(key),
  };
}

/** The parameters of a query string, each at most once and known to the validator. */
export function readQuery(search: string, validate: (query: object) => { path: string; message: string }[]) {
  const query: Record<string, string> = Object.create(null);
  const details: { path: string; message: string }[] = [];
  for (const [name, value] of new URLSearchParams(search)) {
    if (name in query) details.push({ path: name, message: 'is given more than once' });
    query[name] = value;
  }
  details.push(...validate({ ...query }));
  if (details.length > 0) {
    throw new ApiError('invalid_request', 'The query string has parameters that do not belong here.', {
      details: details.map(({ path, message }) => ({ path: path.slice(0, 100).toWellFormed(), message })),
    });
  }
  return query;
}

/** `wait=stored` asks for as long as there is; `Prefer: wait=5` (RFC 7240 §4.3) for so many seconds. */
export function waitOf(parameter: string | undefined, prefer: string | string[] | undefined): number {
  const seconds = PREFER_WAIT.exec(String(prefer ?? ''))?.[1];
  if (seconds !== undefined) return Math.min(Number(seconds) * 1000, RECEIPT_WAIT_MS);
  return parameter === 'stored' ? RECEIPT_WAIT_MS : 0;
}

function readIdempotencyKey(header: string | string[]): string {
  const key = String(header);
  if (key.length <= LIMITS.idempotencyKeyLength && PRINTABLE.test(key)) return key;
  throw headerFault('Idempotency-Key', `must be 1 to ${LIMITS.idempotencyKeyLength} printable ASCII characters`);
}

/**
 * The dataset that path and header select; null: the project's default.
 *
 * @throws ApiError `dataset_id_conflict` when they differ, `invalid_request` when the header is no id
 */
export function selectDataset(target: IngestTarget, headers: IncomingHttpHeaders): number | null {
  const header = headers[DATASET_ID_HEADER];
  if (header === undefined) return target.dataset;
  const named = parseDatasetId(String(header));
  if (named === 0) throw headerFault('X-Loguro-Dataset-Id', "must be one dataset's id, such as 13");
  if (target.dataset === null || target.dataset === named) return named;
  throw new ApiError('dataset_id_conflict', 'The path and X-Loguro-Dataset-Id name different datasets.');
}

function headerFault(name: string, message: string): ApiError {
  return new ApiError('invalid_request', `The header ${name} ${message}.`, { details: [{ path: name, message }] });
}
