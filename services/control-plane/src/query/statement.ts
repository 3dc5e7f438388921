import { ApiError } from '@loguro/types';
import { type Pool, type PoolClient, Query, type QueryArrayConfig } from 'pg';
import type { Canceller } from './canceller.js';
import { AS_TEXT, rowSize, type TextRow } from './decode.js';

/** A statement and its parameters. */
export interface Statement {
  text: string;
  values: unknown[];
}

/** Options of {@link collectRows}. */
export interface CollectOptions {
  /** Bytes of all rows together. */
  maxBytes: number;
  signal: AbortSignal;
  canceller: Canceller;
}

/**
 * Runs a statement to its end and returns its rows. It is cancelled in the database when the signal fires,
 * or when its rows grow past `maxBytes`; at most one batch of rows from the socket is held beyond that.
 *
 * @throws ApiError `result_too_large`; the signal's reason; whatever the driver throws
 */
export async function collectRows(
  client: PoolClient,
  statement: Statement,
  { maxBytes, signal, canceller }: CollectOptions,
): Promise<TextRow[]> {
  const rows: TextRow[] = [];
  let bytes = 0;
  const running = await canceller.watch(client, signal);
  const config: QueryArrayConfig = { text: statement.text, values: statement.values, rowMode: 'array', types: AS_TEXT };
  const query = new Query(config);
  query.on('row', (row: unknown) => {
    if (bytes > maxBytes) return;
    bytes += rowSize(row as TextRow);
    if (bytes <= maxBytes) rows.push(row as TextRow);
    else {
      rows.length = 0;
      running.cancel(tooLarge(maxBytes));
    }
  });
  const ended = new Promise<void>((resolve, reject) => {
    query.on('end', () => resolve());
    query.on('error', reject);
  });
  client.query(query);
  await running.settle(ended);
  return rows;
}

function tooLarge(maxBytes: number): ApiError {
  const mib = Math.floor(maxBytes / 1024 / 1024);
  return new ApiError(
    'result_too_large',
    `The rows hold more than the ${mib} MiB of one answer; select fewer columns, lower the limit, or stream them as application/x-ndjson.`,
  );
}

/** Takes a connection of the pool for one piece of work; one that broke is not given back. */
export async function withConnection<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  const onError = (error: Error) => {
    broken = error;
  };
  client.on('error', onError);
  try {
    return await work(client);
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
}
