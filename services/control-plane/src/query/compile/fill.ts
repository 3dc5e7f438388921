import { type Bucket, formatInstant, LIMITS } from '@loguro/types';
import type { CompiledBucket } from './buckets.js';
import type { Parts } from './parts.js';
import { TIMESTAMP } from './source.js';
import { PARAMETER_TYPES } from './sql.js';

/** Shorter than any bucket of the kind in any time zone, so that stepping by it meets each. */
const STEPS: Record<Bucket, string> = {
  minute: '30 seconds',
  hour: '30 minutes',
  day: '12 hours',
  week: '3 days',
  month: '14 days',
};
const SECONDS: Record<Bucket, number> = { minute: 60, hour: 3600, day: 86_400, week: 604_800, month: 2_419_200 };

/** The bucket whose gaps `fill` closes; null, with a fault, when the query has no such one. */
export function filledBucket({ query, outputs, range, context }: Parts): CompiledBucket | null {
  if (query.fill !== true) return null;
  const { faults } = context;
  const buckets = outputs.keys.flatMap(({ output }) => output.bucket ?? []);
  const [bucket] = buckets;
  if (bucket === undefined || buckets.length > 1 || bucket.field !== TIMESTAMP) {
    const example = `such as {"bucket":"hour","field":"timestamp"}`;
    faults.add('fill', `needs exactly one time bucket of the field "timestamp" in "groupBy", ${example}`);
    return null;
  }
  const count = (range.to.seconds - range.from.seconds) / SECONDS[bucket.bucket];
  if (count > LIMITS.queryFillBuckets) {
    const most = LIMITS.queryFillBuckets.toLocaleString('en');
    faults.add(
      'fill',
      `would make more than ${most} buckets; ask a shorter range, or longer buckets than "${bucket.bucket}"`,
    );
  }
  return bucket;
}

/** SQL for the start of every bucket that the range touches, each once, as column `b`. */
export function allBuckets(bucket: CompiledBucket, { range, context: { parameters } }: Parts): string {
  const from = parameters.add(formatInstant(range.from), PARAMETER_TYPES.timestamp);
  const to = parameters.add(formatInstant(range.to), PARAMETER_TYPES.timestamp);
  const instants = `SELECT generate_series(${from}, ${to}, interval '${STEPS[bucket.bucket]}') AS at UNION ALL SELECT ${to}`;
  return `SELECT DISTINCT ${bucket.of('at')} AS b FROM (${instants}) AS s`;
}
