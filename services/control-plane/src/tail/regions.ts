import type { Moment } from './moment.js';
import type { Batch } from './tail-cursor.js';

/** A part of the table to look through, and the cheapest way to. */
export interface Region {
  /** Blocks, the second one excluded. */
  from: number;
  to: number;
  /** Only records with such a timestamp, in milliseconds since the epoch. */
  since?: number;
  before?: number;
  /** Read a number of blocks at a time; else as one, by the index on the timestamp. */
  inSteps: boolean;
}

/** One statement's share of a region. */
export interface Step {
  index: number;
  region: Region;
  from: number;
  to: number;
}

/**
 * Room for rows that were put before what was the end of the table then: into its last blocks, and into those that
 * several writers had reserved.
 */
const MARGIN_BLOCKS = 256;
/** 32 MiB: some ten milliseconds when they are in memory. */
const STEP_BLOCKS = 4096;
/** Of records that take freed space, most are found by having a timestamp of just now. */
const RECENT_MS = [10_000, 5 * 60_000] as const;

/**
 * Where records that arrived between two moments are, likely places first; together, the whole table.
 *
 * PostgreSQL has no index on when a row came. But rows are put at the end of a table, which makes the blocks that
 * the table had at the first moment the place to begin; and where retention has freed space they are put there,
 * which only their timestamps, mostly of just now, or else reading the rest of the table can tell. How many there
 * must be is known from the ledger, so that a search ends as soon as it has them.
 */
export function regionsOf(shown: Moment, until: Moment): Region[] {
  const end = Math.max(0, shown.blocks - MARGIN_BLOCKS);
  const [just, recent] = RECENT_MS.map((ms) => shown.at - ms) as [number, number];
  return [
    { from: end, to: Math.max(end, until.blocks), inSteps: true },
    { from: 0, to: end, since: just, inSteps: false },
    { from: 0, to: end, since: recent, before: just, inSteps: false },
    { from: 0, to: end, before: recent, inSteps: true },
  ];
}

/** The steps that are still to be taken, from the one on where a batch stands. */
export function* stepsFrom(regions: readonly Region[], { region: first, block }: Batch): Generator<Step> {
  for (const [index, region] of regions.entries()) {
    if (index < first) continue;
    const size = region.inSteps ? STEP_BLOCKS : Number.POSITIVE_INFINITY;
    let from = index === first ? Math.max(block, region.from) : region.from;
    while (from < region.to) {
      const to = Math.min(from + size, region.to);
      yield { index, region, from, to };
      from = to;
    }
  }
}
