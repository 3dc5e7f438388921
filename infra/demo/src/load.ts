import type { DemoApi } from './api.js';
import type { Flight } from './flights.js';

/** Options of {@link load}. */
export interface LoadOptions {
  api: DemoApi;
  datasetId: number;
  flights: AsyncIterable<readonly Flight[]>;
  /** Hears of every flight before it is sent. */
  seen: (flight: Flight) => void;
  /** Hears how many are accepted so far. */
  accepted: (count: number) => void;
}

const BATCH = 2_000;
/** Batches on their way at once; enough to keep the API busy while we encode the next one. */
const IN_FLIGHT = 4;

/** Sends every flight; resolves when all are accepted. */
export async function load({ api, datasetId, flights, seen, accepted }: LoadOptions): Promise<number> {
  const batches = inBatches(flights, seen);
  let count = 0;
  let number = 0;
  const sendNext = async (): Promise<void> => {
    for (let next = await batches.next(); !next.done; next = await batches.next()) {
      number += 1;
      await api.send(datasetId, next.value, `demo-${datasetId}-${number}`);
      count += next.value.length;
      accepted(count);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, sendNext));
  return count;
}

async function* inBatches(flights: AsyncIterable<readonly Flight[]>, seen: (flight: Flight) => void) {
  for await (const part of flights) {
    for (let start = 0; start < part.length; start += BATCH) {
      const batch = part.slice(start, start + BATCH);
      for (const flight of batch) seen(flight);
      yield batch.map((flight) => ({ ...flight, context: { source: 'vega-datasets' } }));
    }
  }
}
