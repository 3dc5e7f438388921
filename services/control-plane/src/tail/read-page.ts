import type { PoolClient } from 'pg';
import Cursor from 'pg-cursor';
import { UnresponsiveError, untilUnresponsive } from '../query/connection.js';
import { AS_TEXT, rowSize, type TextRow } from '../query/decode.js';
import { rowsPerRead } from '../query/rows-per-read.js';
import type { TailStatement } from './compile-tail.js';

/** How much of a statement's rows to take. */
export interface PageLimits {
  rows: number;
  /** Characters, about: the read that goes over is the last. */
  bytes: number;
  /** The longest wait for rows, in milliseconds. */
  timeoutMs: number;
}

/** What the rows of one read may hold when all of them are as large as possible: 32 of them. */
const READ_BYTES_MAX = 8 * 1024 * 1024;

/** Takes rows of a statement up to a limit. `ended` when there are no more than these. */
export async function readPage(
  client: PoolClient,
  { text, values, copies }: TailStatement,
  limits: PageLimits,
): Promise<{ rows: TextRow[]; bytes: number; ended: boolean }> {
  const cursor = client.query(new Cursor<TextRow>(text, values, { rowMode: 'array', types: AS_TEXT }));
  const close = () =>
    untilUnresponsive(
      cursor.close().catch(() => undefined),
      limits.timeoutMs,
    );
  try {
    const page = await take(cursor, rowsPerRead(copies, READ_BYTES_MAX), limits);
    await close();
    return page;
  } catch (error) {
    if (!(error instanceof UnresponsiveError)) await close();
    throw error;
  }
}

/** @param most rows of one read */
async function take(
  cursor: Cursor<TextRow>,
  most: number,
  { rows: limit, bytes: maxBytes, timeoutMs }: PageLimits,
): Promise<{ rows: TextRow[]; bytes: number; ended: boolean }> {
  const rows: TextRow[] = [];
  let bytes = 0;
  let size = most;
  for (;;) {
    const wanted = Math.min(size, limit - rows.length);
    const read = await untilUnresponsive(cursor.read(wanted), timeoutMs);
    for (const row of read) bytes += rowSize(row);
    rows.push(...read);
    if (read.length < wanted) return { rows, bytes, ended: true };
    if (rows.length >= limit || bytes >= maxBytes) return { rows, bytes, ended: false };
    // As many as should fit, by the size of those that came.
    size = Math.min(most, Math.max(1, Math.ceil(((maxBytes - bytes) / (bytes + 1)) * rows.length)));
  }
}
