import type { Database } from '../cache/database.js';

/** Keeps the time of the last use of each project key. */
export interface KeyUses {
  /** Notes a use, at the cost of an entry in a map; it is written later. Never fails. */
  touch(keyId: number): void;
  /** Writes what has been noted. What can't be written is kept for the next time. Never fails. */
  flush(): Promise<void>;
  /** Ends the timer and writes the rest. */
  close(): Promise<void>;
}

/** Options of {@link createKeyUses}. */
export interface KeyUsesOptions {
  database: Pick<Database, 'query'>;
  /** Between two writes, in milliseconds. */
  intervalMs: number;
}

/** Keys that wait to be written; more are not noted. No key can be checked while the database is away, so few wait for it. */
const MAX_NOTED = 100_000;
/** Keys of one statement: what it locks, it locks for milliseconds. */
const BATCH = 1000;

/**
 * A key is written at most once a minute, whichever process saw it last, like the uses of personal access tokens.
 * Rows are locked in one order, so that two processes never wait for each other.
 */
const WRITE_USES = `
  WITH seen AS (
    SELECT uses.key_id, noted.at
      FROM (SELECT id, to_timestamp(ms / 1000) AS at FROM unnest($1::int[], $2::float8[]) AS given (id, ms)) AS noted
      JOIN ingest.key_uses AS uses ON uses.key_id = noted.id
     WHERE uses.last_used_at IS NULL OR uses.last_used_at < noted.at - interval '1 minute'
     ORDER BY uses.key_id
       FOR UPDATE OF uses
  )
  UPDATE ingest.key_uses AS uses SET last_used_at = seen.at FROM seen WHERE uses.key_id = seen.key_id`;

/** Uses are written in the background, all of them together: a request pays for an entry in a map. */
export function createKeyUses({ database, intervalMs }: KeyUsesOptions): KeyUses {
  let noted = new Map<number, number>();
  let flushing: Promise<void> | undefined;
  const timer = setInterval(() => void flush(), intervalMs);
  timer.unref();

  async function write(): Promise<void> {
    const uses = [...noted];
    noted = new Map();
    for (let start = 0; start < uses.length; start += BATCH) {
      const batch = uses.slice(start, start + BATCH);
      try {
        await database.query(WRITE_USES, [batch.map(([keyId]) => keyId), batch.map(([, at]) => at)]);
      } catch {
        // The database's own log line says why. A later use is never put back to an earlier one.
        for (const [keyId, at] of uses.slice(start)) if (!noted.has(keyId)) noted.set(keyId, at);
        return;
      }
    }
  }

  function flush(): Promise<void> {
    flushing ??= write().finally(() => {
      flushing = undefined;
    });
    return flushing;
  }

  return {
    touch(keyId) {
      if (noted.size < MAX_NOTED || noted.has(keyId)) noted.set(keyId, Date.now());
    },
    flush,
    async close() {
      clearInterval(timer);
      // One may be under way that began before the last uses.
      await flushing;
      await flush();
    },
  };
}
