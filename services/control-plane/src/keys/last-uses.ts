import type { Transaction } from '../database/database.js';

/** When keys were last used, as ingest noted it in its own table; keys that never were are absent. */
export async function lastUses(db: Transaction, keyIds: number[]): Promise<ReadonlyMap<number, Date>> {
  const rows = await db.$queryRaw<{ key_id: number; last_used_at: Date }[]>`
    SELECT key_id, last_used_at FROM ingest.key_uses
     WHERE key_id = ANY(${keyIds}) AND last_used_at IS NOT NULL`;
  return new Map(rows.map(({ key_id, last_used_at }) => [key_id, last_used_at]));
}
