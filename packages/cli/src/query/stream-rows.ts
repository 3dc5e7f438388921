import { Readable } from 'node:stream';
import type { ReadableStream as WebStream } from 'node:stream/web';
import type { DatasetQueryClient, Query } from '@loguro/datasets';
import { CliError } from '../cli-error.js';
import { LineFeeds } from '../output/line-feeds.js';
import type { Context } from '../program.js';

/** Lines that are written at once: a write per row would spend more on writing than on rows. */
const ROWS_PER_WRITE = 500;

/**
 * Prints an answer of any size in constant memory, as the server sends it.
 *
 * @throws CliError for formats that have to know the last row before they print the first
 */
export async function streamRows(
  { out, session }: Context,
  client: DatasetQueryClient,
  datasetId: number,
  query: Query,
): Promise<undefined> {
  const options = { signal: session.signal };
  if (out.format === 'csv') {
    const body = await client.csv(datasetId, query, options);
    const decoder = new TextDecoder();
    const lineFeeds = new LineFeeds();
    for await (const chunk of Readable.fromWeb(body as WebStream<Uint8Array>)) {
      await out.data(lineFeeds.push(decoder.decode(chunk as Uint8Array, { stream: true })));
    }
    await out.data(lineFeeds.end());
    return undefined;
  }
  if (out.format !== 'ndjson') {
    throw new CliError('All rows can be printed as csv or ndjson only.', {
      hints: ['Add --format csv or --format ndjson.'],
    });
  }
  let lines: string[] = [];
  for await (const row of client.stream(datasetId, query, options)) {
    lines.push(`${JSON.stringify(row)}\n`);
    if (lines.length < ROWS_PER_WRITE) continue;
    await out.data(lines.join(''));
    lines = [];
  }
  await out.data(lines.join(''));
  return undefined;
}
