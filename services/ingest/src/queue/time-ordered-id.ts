import { randomBytes } from 'node:crypto';

// One draw from the system serves this many ids: a draw per id would cost more than the id.
const IDS_PER_DRAW = 256;
const RANDOM_BYTES = 10;
let pool = Buffer.alloc(0);
let used = 0;

/**
 * A UUID of version 7 (RFC 9562 §5.7): 48 bits of time, then 74 random ones.
 *
 * Chunks and jobs are named so because ids that grow with time touch one end of an index only; random
 * ones touch every page of it, and PostgreSQL logs each page whole at its first change after a checkpoint.
 *
 * @param now milliseconds since the epoch
 */
export function timeOrderedId(now: number = Date.now()): string {
  if (used + RANDOM_BYTES > pool.length) {
    pool = randomBytes(RANDOM_BYTES * IDS_PER_DRAW);
    used = 0;
  }
  const random = pool.subarray(used, used + RANDOM_BYTES);
  used += RANDOM_BYTES;
  random[0] = ((random[0] as number) & 0x0f) | 0x70;
  random[2] = ((random[2] as number) & 0x3f) | 0x80;
  const hex = now.toString(16).padStart(12, '0') + random.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** When an id of {@link timeOrderedId} was made, in milliseconds since the epoch; NaN for what is none. */
export function timeOfId(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}
