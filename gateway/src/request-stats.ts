/** Upper bounds in seconds, from half a millisecond to the longest query. */
const BOUNDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

interface SurfaceStats {
  byStatus: Map<number, number>;
  /** Requests per bucket, not cumulative; the last is what lies above all bounds. */
  buckets: Float64Array;
  sumSeconds: number;
}

/**
 * Counts requests and their durations. prom-client would do, but looking up its labels costs a twentieth of a whole
 * request; these are two array stores, written out when somebody asks.
 */
export class RequestStats {
  readonly #surfaces = new Map<string, SurfaceStats>();

  record(surface: string, status: number, seconds: number): void {
    let stats = this.#surfaces.get(surface);
    if (stats === undefined) {
      stats = { byStatus: new Map(), buckets: new Float64Array(BOUNDS.length + 1), sumSeconds: 0 };
      this.#surfaces.set(surface, stats);
    }
    stats.byStatus.set(status, (stats.byStatus.get(status) ?? 0) + 1);
    let bucket = 0;
    while (bucket < BOUNDS.length && seconds > (BOUNDS[bucket] as number)) bucket += 1;
    stats.buckets[bucket] = (stats.buckets[bucket] as number) + 1;
    stats.sumSeconds += seconds;
  }

  /** Prometheus text exposition format 0.0.4. */
  render(): string {
    const total = 'loguro_gateway_requests_total';
    const duration = 'loguro_gateway_request_duration_seconds';
    const totals: string[] = [];
    const durations: string[] = [];
    for (const [surface, stats] of this.#surfaces) {
      for (const [status, count] of stats.byStatus) {
        totals.push(`${total}{surface="${surface}",status="${status}"} ${count}`);
      }
      let below = 0;
      for (const [i, count] of stats.buckets.entries()) {
        below += count;
        durations.push(`${duration}_bucket{surface="${surface}",le="${BOUNDS[i] ?? '+Inf'}"} ${below}`);
      }
      durations.push(`${duration}_sum{surface="${surface}"} ${stats.sumSeconds}`);
      durations.push(`${duration}_count{surface="${surface}"} ${below}`);
    }
    return [
      `# HELP ${total} Requests by surface and status; 499 means that the client went away first.`,
      `# TYPE ${total} counter`,
      ...totals,
      `# HELP ${duration} From the headers of a request to the end of its answer.`,
      `# TYPE ${duration} histogram`,
      ...durations,
      '',
    ].join('\n');
  }
}
