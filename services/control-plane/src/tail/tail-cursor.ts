import { ApiError, LIMITS } from '@loguro/types';
import { boundsOf, type Moment, OPEN_MS, type Reading } from './moment.js';

/** A batch that is being shown: what committed between two moments, page by page. */
export interface Batch {
  until: Moment;
  /** Which of the regions of {@link regionsOf} is being searched. */
  region: number;
  /** The first block of the step that is being searched. */
  block: number;
  /** Place (ctid) of the last record of the step that was gone past; null: none yet. */
  after: string | null;
  /** Records that the ledger knows of and that no step before this one held. */
  left: number;
}

/** How far a reader has come. */
export interface TailCursor {
  datasetId: number;
  /** The file behind the table: places in it mean nothing once it has become another. */
  file: number;
  /** What had committed by then was shown. */
  shown: Moment;
  batch: Batch | null;
}

const VERSION = 1;
const CTID = /^\(\d{1,10},\d{1,5}\)$/;
/** Clocks and rounding may leave a cursor a little in the future, in milliseconds. */
const SKEW_MS = 60_000;
/** How far one replica may be behind another, in milliseconds. */
const LAG_MS = 60 * 60_000;
/** PostgreSQL's own limit for the blocks of a table. */
const BLOCKS_MAX = 2 ** 32 - 2;

/**
 * A cursor as one opaque word. It is not signed, because it holds nothing that its owner could not ask for: it
 * names moments and places of the owner's own dataset. It is checked part by part instead.
 */
export function encodeTailCursor({ datasetId, file, shown, batch }: TailCursor): string {
  const parts = [VERSION, datasetId, file, ...momentParts(shown)];
  if (batch !== null) {
    parts.push(...momentParts(batch.until), batch.region, batch.block, batch.after ?? '', batch.left);
  }
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/** @throws ApiError `invalid_query` when it is not one of ours, or of another dataset */
export function decodeTailCursor(text: string, datasetId: number): TailCursor {
  const parts = parse(text);
  const [version, dataset, file, ...rest] = parts ?? [];
  const shown = readMoment(rest.slice(0, 4));
  if (version !== VERSION || !isCount(dataset) || !isCount(file) || shown === null) throw refuse('is not one of ours');
  if (dataset !== datasetId) throw refuse('belongs to another dataset');
  if (rest.length === 4) return { datasetId, file, shown, batch: null };
  const batch = readBatch(rest.slice(4));
  if (batch === null) throw refuse('is not one of ours');
  return { datasetId, file, shown, batch };
}

/**
 * Refuses a cursor that can't be gone on from, or that was made by another database.
 *
 * @returns whether to read from it now; false: this replica has not got as far yet
 * @throws ApiError `cursor_expired`
 */
export function requireLiving(cursor: TailCursor, now: Reading & { file: number }): boolean {
  const known = [cursor.shown, ...(cursor.batch ? [cursor.batch.until] : [])];
  const reached = known.every(
    ({ snapshot, at }) => (boundsOf(snapshot)?.next ?? 0n) <= BigInt(now.next) && at <= now.at + SKEW_MS,
  );
  const age = now.at - cursor.shown.at;
  const sameTable = cursor.file === now.file;
  if (sameTable && reached && age < LIMITS.tailCursorMs) return true;
  if (sameTable && !reached && now.standby && -age < LAG_MS) return false;
  throw new ApiError(
    'cursor_expired',
    'What arrived since this cursor can no longer be told apart. Start again without a cursor, and query what came in between by its timestamps.',
  );
}

function refuse(message: string): ApiError {
  return new ApiError('invalid_query', `The cursor ${message}.`, { details: [{ path: 'cursor', message }] });
}

function parse(text: string): unknown[] | null {
  if (!/^[A-Za-z0-9_-]+$/.test(text)) return null;
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    return Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

function momentParts({ snapshot, at, openSince, blocks }: Moment): (string | number)[] {
  return [snapshot, at, openSince, blocks];
}

function readMoment([snapshot, at, openSince, blocks]: unknown[]): Moment | null {
  const sound =
    typeof snapshot === 'string' &&
    boundsOf(snapshot) !== null &&
    isCount(at) &&
    isCount(openSince) &&
    openSince <= at &&
    openSince >= at - OPEN_MS &&
    isBlock(blocks);
  return sound ? { snapshot, at, openSince, blocks } : null;
}

function readBatch(parts: unknown[]): Batch | null {
  const until = readMoment(parts.slice(0, 4));
  const [region, block, after, left] = parts.slice(4);
  const sound =
    until !== null &&
    parts.length === 8 &&
    isCount(region) &&
    isBlock(block) &&
    isCount(left) &&
    typeof after === 'string' &&
    (after === '' || CTID.test(after));
  return sound ? { until, region, block, after: after === '' ? null : after, left } : null;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isBlock(value: unknown): value is number {
  return isCount(value) && value <= BLOCKS_MAX;
}
