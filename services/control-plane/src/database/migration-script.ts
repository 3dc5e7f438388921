import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from 'pg';
import { SQL_STATE, sqlState } from './sql-state.js';

/** How a migration waits for its locks, in milliseconds. */
export interface LockPatience {
  /** For one lock. Everything that comes for the same table meanwhile waits behind it. */
  timeoutMs: number;
  /** Between two attempts, for those that waited. */
  pauseMs: number;
  /** For all attempts. */
  patienceMs: number;
}

/** Services notice a wait of a second, and nothing of theirs times out; a query takes 15 seconds at the most. */
export const LOCKS: LockPatience = { timeoutMs: 1000, pauseMs: 1000, patienceMs: 120_000 };

/** Something held on to a lock for too long; nothing was changed. */
export class LockError extends Error {}

/**
 * Runs a migration as one transaction. ALTER TABLE queues up behind the slowest query on the table, and every other
 * query behind it: so it gives way after a moment, and tries again.
 *
 * @throws LockError
 * @throws the driver's error when a statement fails
 */
export async function runScript(client: Client, script: string, locks: LockPatience = LOCKS): Promise<void> {
  // It blocks nobody, it may take hours, and given up half-way it leaves an invalid index.
  if (isConcurrent(script)) return void (await client.query(script));
  await client.query(`SET lock_timeout = ${locks.timeoutMs}`);
  try {
    await untilLocked(client, script, locks);
  } finally {
    await client.query('RESET lock_timeout');
  }
}

async function untilLocked(client: Client, script: string, locks: LockPatience): Promise<void> {
  const deadline = performance.now() + locks.patienceMs;
  for (;;) {
    try {
      // Without parameters this is one simple-protocol message, which PostgreSQL runs as one transaction.
      await client.query(script);
      return;
    } catch (error) {
      if (sqlState(error) !== SQL_STATE.lockNotAvailable) throw error;
      if (performance.now() > deadline) {
        throw new LockError(
          `it could not get a lock within ${Math.round(locks.patienceMs / 1000)} s, because another session holds it. ` +
            'End the long transaction (pg_stat_activity shows it), then migrate again.',
          { cause: error },
        );
      }
    }
    await delay(locks.pauseMs);
  }
}

/** Whether it builds or drops an index without blocking writes, which PostgreSQL allows outside transactions only. */
export function isConcurrent(script: string): boolean {
  return /^\s*(CREATE\s+(UNIQUE\s+)?|DROP\s+)INDEX\s+CONCURRENTLY\b/i.test(script.replace(/--.*$/gm, ''));
}
