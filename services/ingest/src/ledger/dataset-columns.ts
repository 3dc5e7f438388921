import { RECORD_COLUMNS } from '@loguro/types';
import { LRUCache } from 'lru-cache';
import pg from 'pg';
import type { DatabaseLane } from './database-lane.js';

/** Datasets remembered; a schema never changes, so an entry is never wrong, only useless after a deletion. */
const REMEMBERED = 10_000;

/** `fields` as in the view: name and type, in COPY order; null before a schema is registered. */
const SELECT_FIELDS = 'SELECT id, fields FROM ingest.datasets WHERE id = ANY($1::int[])';

/** Knows the columns that the lines of a dataset fill: its table has more than those. */
export class DatasetColumns {
  readonly #lists: LRUCache<number, string>;

  /** @param remembered datasets, at least as many as are asked for at once */
  constructor(remembered = REMEMBERED) {
    this.#lists = new LRUCache({ max: remembered });
  }

  /**
   * Learns the columns of datasets that are not known yet.
   *
   * @returns the datasets that don't exist (any more), or have no schema and so no table
   */
  async learn(datasets: Iterable<number>, lane: DatabaseLane): Promise<Set<number>> {
    // A look that makes it the most recent: learning the others must not push it out.
    const unknown = [...new Set(datasets)].filter((dataset) => this.#lists.get(dataset) === undefined);
    if (unknown.length === 0) return new Set();
    const session = await lane.session();
    const rows = await session.query<{ id: number; fields: [string, string][] | null }>(SELECT_FIELDS, [unknown]);
    const missing = new Set(unknown);
    for (const { id, fields } of rows) {
      if (fields === null) continue;
      const names = [...RECORD_COLUMNS, ...fields.map(([name]) => name)];
      this.#lists.set(id, names.map((name) => pg.escapeIdentifier(name)).join(','));
      missing.delete(id);
    }
    return missing;
  }

  /** The column list of a dataset that {@link learn} found, for COPY. */
  of(dataset: number): string {
    const list = this.#lists.get(dataset);
    if (list === undefined) throw new Error(`The columns of dataset ${dataset} are not known.`);
    return list;
  }
}
