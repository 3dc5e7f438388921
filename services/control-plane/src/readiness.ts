import type { Pool } from 'pg';
import { PROBE_TIMEOUT_MS } from './database/probe-pool.js';

/** What `/readyz` says, and who tells it. */
export interface Readiness {
  /** Why requests can't be served right now; empty when they can. */
  problems(): Promise<string[]>;
  /** Still starting, because of this. */
  starting(problem: string): void;
  started(): void;
  /** From now on not ready, so that nothing new is sent here. */
  stopping(): void;
}

/** Ready when every pool answers within a second. `pools`, made for nothing else, by the name that a problem is reported under. */
export function createReadiness(pools: Readonly<Record<string, Pool>>): Readiness {
  let phase: string | null = 'starting';

  async function checkPool(name: string, pool: Pool): Promise<string[]> {
    try {
      await withTimeout(pool.query('SELECT 1'));
      return [];
    } catch {
      return [`the ${name} connections to PostgreSQL do not answer`];
    }
  }

  return {
    async problems() {
      if (phase !== null) return [phase];
      const found = await Promise.all(Object.entries(pools).map(([name, pool]) => checkPool(name, pool)));
      return found.flat();
    },
    starting(problem) {
      phase = `starting: ${problem}`;
    },
    started() {
      phase = null;
    },
    stopping() {
      phase = 'stopping';
    },
  };
}

async function withTimeout<T>(promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer in time')), PROBE_TIMEOUT_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
    promise.catch(() => undefined);
  }
}
