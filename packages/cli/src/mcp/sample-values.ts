import { type DatasetQueryClient, isLoguroError } from '@loguro/datasets';
import type { Fields } from '@loguro/types';
import type { Row } from '../output/formats.js';
import { boundValue } from './bounds.js';

/** Records that are looked at, and different values of each field that are shown. */
const SAMPLE_ROWS = 100;
const SAMPLE_VALUES = 5;
const ALL_TIME = { from: '0001-01-01T00:00:00Z', to: '9999-12-31T23:59:59Z' };

/** What the newest records of a dataset look like. */
export interface Samples {
  /** In the last 7 days; null when counting took too long. */
  recordsLast7Days: number | null;
  newest: string | null;
  fields: { name: string; type: string; samples: unknown[]; nullShare?: number }[];
}

/** Different values of each field among the newest records: enough to write conditions with. */
export async function sampleValues(
  client: DatasetQueryClient,
  datasetId: number,
  fields: Fields,
  signal: AbortSignal,
): Promise<Samples> {
  const select = ['timestamp', 'context', ...Object.keys(fields)].map((field) => ({ field }));
  const [{ rows }, count] = await Promise.all([
    client.query(datasetId, { range: ALL_TIME, select, limit: SAMPLE_ROWS }, { signal }),
    countRecent(client, datasetId, signal),
  ]);
  const typed = Object.entries({ timestamp: 'timestamp', context: 'object', ...fields });
  return {
    recordsLast7Days: count,
    newest: newestOf(rows),
    fields: typed.map(([name, type]) => ({ name, type, ...describe(rows, name) })),
  };
}

function describe(rows: readonly Row[], name: string) {
  const values = rows.map((row) => row[name]).filter((value) => value !== null);
  const different = new Map(values.map((value) => [JSON.stringify(value), value]));
  const samples = [...different.values()].slice(0, SAMPLE_VALUES).map(boundValue);
  const nulls = rows.length - values.length;
  return nulls === 0 ? { samples } : { samples, nullShare: Number((nulls / rows.length).toFixed(2)) };
}

function newestOf(rows: readonly Row[]): string | null {
  return rows.reduce<string | null>((latest, { timestamp }) => {
    const text = String(timestamp);
    return latest === null || Date.parse(text) > Date.parse(latest) ? text : latest;
  }, null);
}

async function countRecent(client: DatasetQueryClient, id: number, signal: AbortSignal): Promise<number | null> {
  try {
    const { rows } = await client.query(id, { select: [{ aggregate: 'count', as: 'records' }] }, { signal });
    return Number(rows[0]?.records ?? 0);
  } catch (error) {
    if (isLoguroError(error, 'query_timeout')) return null;
    throw error;
  }
}
