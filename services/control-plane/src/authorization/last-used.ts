import type { Pool } from 'pg';

/** Keeps `last_used_at` of tokens, in the background. */
export interface LastUsed {
  /** Notes a use. Returns at once; never fails. */
  touch(tokenId: number): void;
  /** Resolves when everything noted so far is written, or has failed. */
  flush(): Promise<void>;
}

/** A use is worth one write a minute and no request's time: a write that fails is made up for by the next use. */
export function createLastUsed(pool: Pool, onError: (error: unknown) => void): LastUsed {
  const writing = new Map<number, Promise<void>>();

  async function write(tokenId: number): Promise<void> {
    try {
      await pool.query(
        `UPDATE personal_access_tokens SET last_used_at = now()
         WHERE id = $1 AND coalesce(last_used_at < now() - interval '1 minute', true)`,
        [tokenId],
      );
    } catch (error) {
      onError(error);
    } finally {
      writing.delete(tokenId);
    }
  }

  return {
    touch(tokenId) {
      // At most one write per token at a time: a burst of requests must not become a burst of writes.
      if (!writing.has(tokenId)) writing.set(tokenId, write(tokenId));
    },
    async flush() {
      await Promise.all(writing.values());
    },
  };
}
