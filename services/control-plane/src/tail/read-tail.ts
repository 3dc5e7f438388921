import { ApiError } from '@loguro/types';
import type { PoolClient } from 'pg';
import { type Ask, askOf, type Lease, UnresponsiveError } from '../query/connection.js';
import type { TextRow } from '../query/decode.js';
import type { Statement } from '../query/statement.js';
import { type Arrivals, findArrivals, readMoment } from './arrivals.js';
import type { CompiledTail } from './compile-tail.js';
import { type Moment, momentOf } from './moment.js';
import { readPage } from './read-page.js';
import { regionsOf, stepsFrom } from './regions.js';
import { type Batch, requireLiving, type TailCursor } from './tail-cursor.js';

/** What one read may take. */
export interface ReadLimits {
  rows: number;
  /** Characters of the rows together, about. */
  bytes: number;
  /** No further step of a search is begun after this, in milliseconds. */
  searchMs: number;
  /** The session's statement timeout, in milliseconds. */
  statementTimeoutMs: number;
}

/** Records that arrived, and where to go on. */
export interface TailPage {
  /** The columns, and behind them the place. */
  rows: TextRow[];
  /** With a batch in it there may be more. */
  cursor: TailCursor;
}

/**
 * Reads what arrived after a cursor, in one transaction, so that ledger and records are seen as of one moment.
 *
 * A worker's transaction adds rows to the ledger and the records they stand for. So the ledger tells which
 * transactions committed between two snapshots, whatever the order in which they began, and the records are those
 * that carry the numbers of these transactions. What is found is called a batch; one that is longer than a page is
 * continued by the next read, in the order of places, which never change because records are never updated.
 *
 * @param cursor null: nothing is read, and the cursor of now is returned
 * @throws ApiError `dataset_not_found`, `cursor_expired`; whatever the driver throws
 */
export async function readTail(
  connection: Lease,
  datasetId: number,
  tail: CompiledTail,
  cursor: TailCursor | null,
  limits: ReadLimits,
): Promise<TailPage> {
  const { client, discard } = connection;
  const ask = askOf(client, limits.statementTimeoutMs);
  try {
    await ask('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const page = await read({ client, ask }, datasetId, tail, cursor, limits);
    await ask('COMMIT');
    return page;
  } catch (error) {
    // One that does not answer is thrown away; so is one that may still be inside of the transaction.
    if (!(error instanceof UnresponsiveError)) await ask('ROLLBACK').catch(discard);
    throw error;
  }
}

async function read(
  session: Session,
  datasetId: number,
  tail: CompiledTail,
  cursor: TailCursor | null,
  limits: ReadLimits,
): Promise<TailPage> {
  const { file, ...reading } = await readMoment(session.ask, tail.table);
  const { next } = reading;
  if (file === 0) {
    // A replica may not have heard of it yet.
    if (reading.standby) throw new ApiError('unavailable', 'The dataset is not there yet; try again in a moment.');
    throw new ApiError('dataset_not_found', 'Dataset not found');
  }
  const start = { datasetId, file, batch: null };
  if (cursor === null) return { rows: [], cursor: { ...start, shown: momentOf(reading, null) } };
  if (!requireLiving(cursor, { ...reading, file })) return { rows: [], cursor };

  const now = momentOf(reading, cursor.batch?.until ?? cursor.shown);
  const work = { ...session, tail, limits, deadline: performance.now() + limits.searchMs };
  const rows: TextRow[] = [];
  let { shown, batch } = cursor;
  for (;;) {
    const until: Moment = batch?.until ?? now;
    const arrivals = await findArrivals(session.ask, datasetId, shown, until, next);
    batch ??= { until, region: 0, block: 0, after: null, left: arrivals.records };
    const found = await searchBatch(work, shown, batch, arrivals, rows);
    if (found !== null) return { rows, cursor: { ...start, shown, batch: found } };
    shown = until;
    // A batch that was begun by an earlier read ended: what came since is the next one.
    if (until === now) return { rows, cursor: { ...start, shown } };
    batch = null;
  }
}

interface Session {
  client: PoolClient;
  ask: Ask;
}

interface Work extends Session {
  tail: CompiledTail;
  limits: ReadLimits;
  /** By `performance.now()`. */
  deadline: number;
}

/**
 * Adds the batch's next records to `rows`.
 *
 * @returns where the batch stands when the page is full or the time is up; null when it is at its end
 */
async function searchBatch(
  { client, ask, tail, limits, deadline }: Work,
  shown: Moment,
  batch: Batch,
  { xids }: Arrivals,
  rows: TextRow[],
): Promise<Batch | null> {
  if (xids.length === 0) return null;
  let bytes = sizeOf(rows);
  let { after, left } = batch;
  for (const step of stepsFrom(regionsOf(shown, batch.until), batch)) {
    if (left <= 0) return null;
    const at = { ...batch, region: step.index, block: step.from, left };
    if (rows.length >= limits.rows || bytes >= limits.bytes || performance.now() > deadline) return { ...at, after };
    const page = await readPage(client, tail.page(step, xids, after), {
      rows: limits.rows - rows.length,
      bytes: limits.bytes - bytes,
      timeoutMs: limits.statementTimeoutMs,
    });
    rows.push(...page.rows);
    bytes += page.bytes;
    if (!page.ended) return { ...at, after: page.rows.at(-1)?.at(-1) ?? after };
    const wholeStep = tail.showsAll && after === null;
    left -= wholeStep ? page.rows.length : await countOf(ask, tail.count(step, xids));
    after = null;
  }
  return null;
}

async function countOf(ask: Ask, { text, values }: Statement): Promise<number> {
  const { rows } = await ask<{ count: string }>(text, values);
  return Number(rows[0]?.count ?? 0);
}

function sizeOf(rows: readonly TextRow[]): number {
  let size = 0;
  for (const row of rows) for (const text of row) size += text?.length ?? 4;
  return size;
}
