import type { LocalFile } from '@loguro/local';
import { waitFor } from '@loguro/servers';
import { demoApi } from './api.js';
import { FLIGHT_FIELDS, readFlights } from './flights.js';
import { load } from './load.js';
import { startProgress } from './progress.js';
import { differences, questions } from './questions.js';
import { table } from './table.js';

/** Options of {@link demo}. */
export interface DemoOptions {
  /** A running stack. */
  local: LocalFile;
  /** How many flights to load. */
  records: number;
  say: (line: string) => void;
}

/** The year of the flights. */
const RANGE = { from: '2001-01-01T00:00:00Z', to: '2001-12-31T23:59:59.999Z' };
/** After the last record was accepted. */
const STORED_TIMEOUT_MS = 300_000;

/**
 * Loads flights through the public API, asks questions about them and compares the answers with the file's.
 *
 * @returns whether all of them agree
 */
export async function demo({ local, records, say }: DemoOptions): Promise<boolean> {
  const api = demoApi(local);
  const datasetId = await api.prepareDataset(FLIGHT_FIELDS);
  say(
    `Loading ${records.toLocaleString('en')} flights of 2001 into dataset ${datasetId} of project ${local.project}.\n`,
  );
  const asked = questions();

  const sending = startProgress('Accepted ', records);
  const accepted = await load({
    api,
    datasetId,
    flights: readFlights(records),
    seen: (flight) => {
      for (const { tally } of asked) tally.add(flight);
    },
    accepted: (count) => sending.update(count),
  }).finally(() => sending.stop());

  const storing = startProgress('Queryable', accepted);
  const count = { select: [{ aggregate: 'count', as: 'flights' }], range: RANGE };
  const allStored = async () => {
    const stored = Number((await api.query(datasetId, count))[0]?.flights);
    storing.update(stored);
    return stored >= accepted;
  };
  await waitFor(allStored, {
    timeoutMs: STORED_TIMEOUT_MS,
    what: 'every flight to be queryable',
    intervalMs: 200,
  }).finally(() => storing.stop());

  let wrong = 0;
  for (const { words, query, tally } of asked) {
    const rows = await api.query(datasetId, { ...query, range: RANGE });
    const faults = differences(tally.rows(), rows);
    wrong += faults.length;
    say(`\n${words}\n\n${table(rows)}\n`);
    say(
      faults.length === 0
        ? '  ✓ the same as computed from the file'
        : `  ✗ not the same as computed from the file:\n    ${faults.join('\n    ')}`,
    );
  }
  return wrong === 0;
}
