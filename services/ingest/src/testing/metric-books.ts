import type { Told } from './load-client.js';
import type { ServiceProcess } from './process.js';

/** Counters of a process at one moment. */
interface Reading {
  /** Another one than before: its counters began at 0 since. */
  pid: number;
  counts: Record<string, number>;
}

/** What the processes, the ledger and the client say at a moment at which nothing is pending. */
export interface BooksReading {
  apis: (Reading & { told: Told })[];
  workers: Reading[];
  /** Records that the ledger has as stored. */
  ledger: number;
}

const API = ['accepted'];
const WORKER = ['stored', 'duplicate', 'dead', 'discarded', 'redelivered'];

/** Reads the counters of a process. */
async function read(process: ServiceProcess, names: readonly string[]): Promise<Reading> {
  const metrics = await process.metrics();
  const counts = Object.fromEntries(names.map((name) => [name, metrics(`loguro_ingest_${name}_records_total`)]));
  return { pid: process.pid, counts: { ...counts, pending: metrics('loguro_ingest_pending_records') } };
}

/** Reads the counters of all processes. */
export async function readCounters(
  apis: readonly ServiceProcess[],
  workers: readonly ServiceProcess[],
): Promise<{ apis: Reading[]; workers: Reading[] }> {
  return {
    apis: await Promise.all(apis.map((api) => read(api, API))),
    workers: await Promise.all(workers.map((worker) => read(worker, WORKER))),
  };
}

/**
 * Whether `accepted = stored + duplicates + dead + discarded + pending` between two readings; what is wrong with it.
 *
 * A killed process takes its counters with it. For an API that was, the client's account stands in; for a worker the
 * ledger, which knows what it stored, but not what it found stored already. Beside that the two sides may differ by:
 *
 * - `doubtful` records: promised to nobody, they may be stored all the same;
 * - `redelivered` ones: a repeat whose own job went through two hands looks like any other job that did.
 *
 * In a round without either, and without a killed worker, the books must balance to the record.
 */
export function booksFaults(before: BooksReading, after: BooksReading): string[] {
  const faults: string[] = [];
  const { accepted, doubtful } = leftSide(before, after, faults);
  const sums: Record<string, number> = {};
  for (const [index, worker] of after.workers.entries()) {
    const counts = sinceBefore(before.workers[index] as Reading, worker);
    for (const name of WORKER) sums[name] = (sums[name] ?? 0) + (counts[name] ?? 0);
  }
  const { stored = 0, duplicate = 0, dead = 0, discarded = 0, redelivered = 0 } = sums;
  // Each worker tells of the whole queue.
  const pending = Math.max(...after.workers.map(({ counts }) => counts.pending ?? 0));
  const ledger = after.ledger - before.ledger;
  const allLive = after.workers.every((worker, index) => survived(before.workers[index] as Reading, worker));
  const settled = (allLive ? stored : ledger) + duplicate + dead + discarded + pending;
  const all = JSON.stringify({ accepted, doubtful, ledger, pending, ...sums });
  if (settled > accepted + doubtful) faults.push(`more was settled than accepted: ${all}`);
  if (allLive && settled + redelivered < accepted) faults.push(`less was settled than accepted: ${all}`);
  // After a lost answer a worker takes any chunk of its own in the ledger for stored just now, that of a repeat too.
  if (allLive ? stored < ledger : stored > ledger) faults.push(`stored records are not those of the ledger: ${all}`);
  return faults;
}

/** What was accepted: by the client's account, which the counters of the APIs that live must agree with. */
function leftSide(before: BooksReading, after: BooksReading, faults: string[]): Pick<Told, 'accepted' | 'doubtful'> {
  const sum = { accepted: 0, doubtful: 0 };
  for (const [index, api] of after.apis.entries()) {
    const earlier = before.apis[index] as BooksReading['apis'][number];
    const told = since(earlier.told, api.told);
    const counted = sinceBefore(earlier, api).accepted ?? 0;
    const agrees = survived(earlier, api) ? counted === told.accepted : counted <= told.accepted + told.doubtful;
    if (!agrees) faults.push(`API ${index} counted ${counted} accepted records: ${JSON.stringify(told)}`);
    sum.accepted += told.accepted;
    sum.doubtful += told.doubtful;
  }
  return sum;
}

function survived(before: Reading, after: Reading): boolean {
  return before.pid === after.pid;
}

function sinceBefore(before: Reading, after: Reading): Record<string, number> {
  return survived(before, after) ? since(before.counts, after.counts) : after.counts;
}

function since<T extends Record<string, number>>(before: T, after: T): T {
  return Object.fromEntries(Object.entries(after).map(([name, count]) => [name, count - (before[name] ?? 0)])) as T;
}
