import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';

/** One flight, as the dataset's schema has it; `delay` in minutes, negative when early, `distance` in miles. */
export interface Flight {
  /** Scheduled departure. The file has local times without an offset; they are taken for UTC. */
  timestamp: string;
  delay: number;
  distance: number;
  origin: string;
  destination: string;
}

/** The schema that {@link Flight}s are registered with. */
export const FLIGHT_FIELDS = { delay: 'number', distance: 'number', origin: 'string', destination: 'string' };

/** Flights of US airlines in 2001, from the Bureau of Transportation Statistics: 3 million of them. */
const FILE = join(dirname(createRequire(import.meta.url).resolve('vega-datasets')), '../data/flights-3m.parquet');

/** How many the file has. */
export async function flightCount(): Promise<number> {
  const metadata = await parquetMetadataAsync(await asyncBufferFromFile(FILE));
  return Number(metadata.num_rows);
}

interface Row {
  date: Date;
  delay: bigint;
  distance: bigint;
  origin: string;
  destination: string;
}

/** The first `limit` flights of the file, a part of the file at a time. */
export async function* readFlights(limit: number): AsyncGenerator<Flight[]> {
  const file = await asyncBufferFromFile(FILE);
  const { row_groups: groups } = await parquetMetadataAsync(file);
  let start = 0;
  for (const group of groups) {
    const end = Math.min(start + Number(group.num_rows), limit);
    if (start >= end) return;
    const rows = (await parquetReadObjects({ file, compressors, rowStart: start, rowEnd: end })) as unknown as Row[];
    yield rows.map(toFlight);
    start = end;
  }
}

function toFlight({ date, delay, distance, origin, destination }: Row): Flight {
  return { timestamp: date.toISOString(), delay: Number(delay), distance: Number(distance), origin, destination };
}
