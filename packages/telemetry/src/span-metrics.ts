import { Counter, type Registry } from 'prom-client';
import type { Tracing } from './tracing.js';

/** What became of spans, as a metric that is there whether traces are on or not. */
export function registerSpanMetrics(registry: Registry, tracing: Tracing | null): void {
  new Counter({
    name: 'loguro_trace_spans_total',
    help: 'Recorded spans by what became of them.',
    labelNames: ['outcome'] as const,
    registers: [registry],
    collect() {
      if (tracing === null) return;
      this.reset();
      for (const [outcome, spans] of Object.entries(tracing.spans)) this.inc({ outcome }, spans);
    },
  });
}
