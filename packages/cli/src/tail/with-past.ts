import type { DatasetQueryClient, TailRequest } from '@loguro/datasets';
import type { Row } from '../output/formats.js';

/** Options of {@link recordsSince}. */
export interface PastOptions {
  /** What to show, and the conditions. `timestamp` has to be selected. */
  request: TailRequest;
  /** Where the tail starts. */
  cursor: string;
  /** Records with an earlier timestamp that were there before the tail started are not shown. RFC 3339. */
  from: string;
  signal: AbortSignal;
}

/**
 * Yields the records of the time before a tail starts, by their timestamps, and those that arrived while they were
 * asked for.
 *
 * A query sees the table as it was when its first row was made. What arrived between the tail's start and just after
 * that moment is read before the other rows are: whatever of it the query saw too is shown once, with the query's
 * rows. Two equal records that arrived apart by these milliseconds could be taken for one.
 *
 * @returns where the tail goes on
 */
export async function* recordsSince(
  client: Pick<DatasetQueryClient, 'stream' | 'tailPage'>,
  datasetId: number,
  { request, cursor, from, signal }: PastOptions,
): AsyncGenerator<Row[], string, undefined> {
  // To the end of time: a record may come from a clock that is ahead.
  const range = { from, to: '9999-12-31T23:59:59Z' };
  const past = client.stream(datasetId, { ...request, range, orderBy: [{ field: 'timestamp' }] }, { signal });
  const first = await past.next();
  const arrived = await readArrived(client, datasetId, request, cursor, signal);
  if (!first.done) {
    for (let row: Row = first.value; ; ) {
      arrived.take(row);
      yield [row];
      const next = await past.next();
      if (next.done) break;
      row = next.value;
    }
  }
  yield arrived.left();
  return arrived.cursor;
}

async function readArrived(
  client: Pick<DatasetQueryClient, 'tailPage'>,
  datasetId: number,
  request: TailRequest,
  start: string,
  signal: AbortSignal,
) {
  const rows = new Map<string, Row[]>();
  let cursor = start;
  for (let more = true; more; ) {
    const page = await client.tailPage(datasetId, { ...request, cursor }, { signal });
    for (const row of page.rows) rows.set(keyOf(row), [...(rows.get(keyOf(row)) ?? []), row]);
    ({ cursor, more } = page);
  }
  return {
    cursor,
    /** One record equal to this one is not left any more. */
    take: (row: Row) => void rows.get(keyOf(row))?.pop(),
    left: () => [...rows.values()].flat(),
  };
}

function keyOf(row: Row): string {
  return JSON.stringify(row);
}
