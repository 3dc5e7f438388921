import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import type { SpanExporter } from '@opentelemetry/sdk-trace';
import type { SpanCounts, TracingOptions } from '../tracing.js';

/** While the receiver is away, it is said this often, in milliseconds. */
const REMIND_MS = 60_000;

/** Options of {@link watchExports}. */
export interface WatchOptions {
  log: TracingOptions['log'];
  /** Counted up here. */
  spans: Pick<SpanCounts, 'exported' | 'failed'>;
}

/** Tells the log when the receiver can't be reached and when it is back; the SDK alone would say nothing. */
export function watchExports(exporter: SpanExporter, { log, spans: counts }: WatchOptions): SpanExporter {
  let saidAt = Number.NEGATIVE_INFINITY;
  let lost = 0;
  const watch = ({ code, error }: ExportResult, spans: number) => {
    if (code === ExportResultCode.SUCCESS) {
      counts.exported += spans;
      if (lost > 0) log('traces are exported again', { spansLost: lost });
      lost = 0;
      saidAt = Number.NEGATIVE_INFINITY;
      return;
    }
    counts.failed += spans;
    lost += spans;
    const now = performance.now();
    if (now - saidAt < REMIND_MS) return;
    saidAt = now;
    log('traces could not be exported', { err: error, spansLost: lost });
  };
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        watch(result, spans.length);
        done(result);
      }),
    shutdown: () => exporter.shutdown(),
    forceFlush: async () => exporter.forceFlush?.(),
  };
}
