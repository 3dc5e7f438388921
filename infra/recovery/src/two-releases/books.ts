import { withClient } from '@loguro/servers';
import { waitFor } from '@loguro/testing';
import type { Servers } from './servers.js';
import type { Accepted } from './traffic.js';

/** What is stored, counted by the database's owner: dataset, number, and how often it is there. */
async function storedOf(ownerUrl: string, datasets: Iterable<number>): Promise<Map<string, number>> {
  return withClient(ownerUrl, async (client) => {
    const found = new Map<string, number>();
    for (const dataset of datasets) {
      const { rows } = await client.query<{ number: number; times: number }>(
        `SELECT number::float8 AS number, count(*)::int AS times FROM records.dataset_${dataset} GROUP BY number`,
      );
      for (const { number, times } of rows) found.set(`${dataset}/${number}`, times);
    }
    return found;
  });
}

const nameOf = ({ dataset, number }: Accepted) => `${dataset}/${number}`;

/** Where to count. */
type Database = Pick<Servers, 'ownerUrl'>;

/** How long the workers may take to store what was accepted, in milliseconds. */
const STORED_WITHIN_MS = 60_000;

/** Resolves when everything that has been accepted by now is stored. @throws Error when it is not in time */
export async function isStored(
  { ownerUrl }: Database,
  accepted: readonly Accepted[],
  timeoutMs = STORED_WITHIN_MS,
): Promise<void> {
  const now = accepted.slice();
  const datasets = new Set(now.map(({ dataset }) => dataset));
  const all = async () => {
    const stored = await storedOf(ownerUrl, datasets);
    return now.every((record) => stored.has(nameOf(record)));
  };
  await waitFor(all, { timeoutMs, intervalMs: 250, what: `${now.length} accepted records to be stored` });
}

/** Compares what was accepted with what is stored; what does not agree, in words. */
export async function accountsFor(
  servers: Database,
  accepted: readonly Accepted[],
  timeoutMs = STORED_WITHIN_MS,
): Promise<string[]> {
  await isStored(servers, accepted, timeoutMs).catch(() => undefined);
  const datasets = new Set(accepted.map(({ dataset }) => dataset));
  const stored = await storedOf(servers.ownerUrl, datasets);
  const names = new Set(accepted.map(nameOf));
  const lost = [...names].filter((name) => !stored.has(name));
  const doubled = [...stored].filter(([, times]) => times > 1);
  const unexpected = [...stored.keys()].filter((name) => !names.has(name));
  const dead = await withClient(servers.ownerUrl, async (client) => {
    const { rows } = await client.query<{ count: number }>(
      'SELECT count(*)::int AS count FROM ingest.dead_letters WHERE dataset_id = ANY($1::int[])',
      [[...datasets]],
    );
    return rows[0]?.count ?? 0;
  });
  const findings = [
    [lost.length, 'records were accepted and are not stored'],
    [doubled.length, 'records are stored more than once'],
    [unexpected.length, 'records are stored that were not accepted'],
    [dead, 'records became dead letters'],
  ] as const;
  return findings.filter(([count]) => count > 0).map(([count, words]) => `the books: ${count} ${words}`);
}
