import type { Pool } from 'pg';
import { type Ask, askOf, withConnection } from '../query/connection.js';
import { READING, unseenBy } from './arrivals.js';
import { type Moment, momentOf, type Reading } from './moment.js';

/** Tells that records arrived. */
export interface ArrivalFeed {
  /**
   * Watches a dataset; close it when done. Whoever reads after {@link ArrivalWatch.next} was called, and finds
   * nothing, is woken by whatever arrived since.
   */
  watch(datasetId: number): ArrivalWatch;
  /** Ends the looking; watches are not woken any more. */
  close(): void;
}

/** One who waits for records of a dataset. */
export interface ArrivalWatch {
  /** Resolves at the next arrival; now and then also without one. */
  next(): Promise<void>;
  close(): void;
}

/** Options of {@link createArrivalFeed}. */
export interface ArrivalFeedOptions {
  /** Of the role loguro_query. */
  pool: Pool;
  /** The statement timeout of the pool, in milliseconds. */
  statementTimeoutMs: number;
  /** Between two looks, in milliseconds. */
  intervalMs: number;
  /** Told once when looking fails, until it succeeds again. */
  onFailure: (error: unknown) => void;
}

const DATASETS = `
  SELECT DISTINCT dataset_id AS id FROM ingest.arrivals
   WHERE committed_at >= to_timestamp($3::float8 / 1000) AND ${unseenBy('$2')}`;

/**
 * Looks into the ledger for all who wait in this process together, so that a thousand who wait cost as much as one;
 * while nobody waits, nothing is asked. One look is a snapshot, and only when that is another than before, the
 * ledger's rows of the last minute or so, found by their index.
 */
export function createArrivalFeed(options: ArrivalFeedOptions): ArrivalFeed {
  const { pool, statementTimeoutMs, intervalMs, onFailure } = options;
  const watches = new Map<number, Set<() => void>>();
  let seen: Moment | null = null;
  let timer: NodeJS.Timeout | undefined;
  let failing = false;
  let closed = false;

  function wake(datasetId: number): void {
    for (const resolve of watches.get(datasetId) ?? []) resolve();
  }

  async function look(ask: Ask): Promise<void> {
    const { rows } = await ask<Omit<Reading, 'blocks'>>(READING);
    const reading = { ...(rows[0] as Omit<Reading, 'blocks'>), blocks: 0 };
    const now = momentOf(reading, seen);
    const before = seen;
    if (before?.snapshot === now.snapshot) return;
    if (before === null) {
      // What arrived since nobody looked is not known.
      for (const id of watches.keys()) wake(id);
    } else {
      const values = [reading.next, before.snapshot, before.openSince];
      for (const { id } of (await ask<{ id: number }>(DATASETS, values)).rows) wake(id);
    }
    seen = now;
  }

  async function tick(): Promise<void> {
    try {
      await withConnection(pool, (client) => look(askOf(client, statementTimeoutMs)));
      failing = false;
    } catch (error) {
      seen = null;
      if (!failing && !closed) onFailure(error);
      failing = true;
    }
    timer = undefined;
    schedule();
  }

  function schedule(): void {
    if (timer !== undefined || closed) return;
    if (watches.size === 0) {
      seen = null;
      return;
    }
    timer = setTimeout(() => void tick(), intervalMs);
  }

  return {
    watch(datasetId) {
      let wakeMe: () => void = () => undefined;
      const onArrival = () => wakeMe();
      const others = watches.get(datasetId) ?? new Set();
      watches.set(datasetId, others.add(onArrival));
      schedule();
      return {
        next: () =>
          new Promise((resolve) => {
            wakeMe = resolve;
          }),
        close() {
          others.delete(onArrival);
          if (others.size === 0 && watches.get(datasetId) === others) watches.delete(datasetId);
        },
      };
    },
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}
