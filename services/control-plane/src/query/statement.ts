import { ApiError } from '@loguro/types';
import { type PoolClient, Query, type QueryArrayConfig } from 'pg';
import type { Canceller } from './canceller.js';
import { untilUnresponsive } from './connection.js';
import { AS_TEXT, rowSize, type TextRow } from './decode.js';

/** A statement and its parameters. */
export interface Statement {
  text: string;
  values: unknown[];
}

/** Options of {@link collectRows}. */
export interface CollectOptions {
  /** Characters of all rows together. */
  maxBytes: number;
  /** Characters of rows that came before. Default 0. */
  bytesBefore?: number;
  /** The session's own, in milliseconds. */
  statementTimeoutMs: number;
  signal: AbortSignal;
  canceller: Canceller;
}

/**
 * Runs a statement to its end and returns its rows. It is cancelled in the database when the signal fires, or
 * when its rows grow past `maxBytes`; rows that come after that are dropped as they come.
 *
 * @throws ApiError `result_too_large`; the signal's reason; whatever the driver throws
 */
export async function collectRows(
  client: PoolClient,
  { text, values }: Statement,
  { maxBytes, bytesBefore = 0, statementTimeoutMs, signal, canceller }: CollectOptions,
): Promise<TextRow[]> {
  const rows: TextRow[] = [];
  let bytes = bytesBefore;
  const watch = await canceller.watch(client, signal);
  const config: QueryArrayConfig = { text, values, rowMode: 'array', types: AS_TEXT };
  const query = new Query(config);
  query.on('row', (row: unknown) => {
    if (bytes > maxBytes) return;
    bytes += rowSize(row as TextRow);
    if (bytes <= maxBytes) rows.push(row as TextRow);
    else {
      rows.length = 0;
      watch.cancel(tooLarge(maxBytes));
    }
  });
  const ended = new Promise<void>((resolve, reject) => {
    query.on('end', () => resolve());
    query.on('error', reject);
  });
  client.query(query);
  try {
    await watch.guard(untilUnresponsive(ended, statementTimeoutMs));
  } finally {
    await watch.release();
  }
  return rows;
}

function tooLarge(maxBytes: number): ApiError {
  const mib = Math.floor(maxBytes / 1024 / 1024);
  return new ApiError(
    'result_too_large',
    `The rows hold more than the ${mib} MiB of one answer: select fewer columns, lower the limit, or stream them as application/x-ndjson.`,
  );
}
