import { randomUUID } from 'node:crypto';
import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { parseKeyPairsIntoRecord } from '@opentelemetry/core';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { CompressionAlgorithm } from '@opentelemetry/otlp-exporter-base';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace';
import type { TracingConfig } from '../config.js';
import { SHUTDOWN_MS, type SpanCounts, type Tracing, type TracingOptions } from '../tracing.js';
import { countDropped } from './count-dropped.js';
import { createSampler, markStranger } from './sampling.js';
import { startSpan } from './sdk-span.js';
import { readContext } from './trace-context.js';
import { watchExports } from './watch-exports.js';

/** Longest value of an attribute, in characters: a path is as long as a client likes, a statement as its schema. */
const VALUE_LENGTH = 2048;

/** Tracing with OpenTelemetry's SDK; nothing of it is registered globally. */
export function openTracing(config: TracingConfig, { service, log }: TracingOptions): Tracing {
  const spans: SpanCounts = { exported: 0, failed: 0, dropped: 0 };
  const dropped = (count: number) => {
    spans.dropped += count;
  };
  const provider = new TracerProvider({
    sampler: createSampler(config),
    spanLimits: { attributeValueLengthLimit: VALUE_LENGTH },
    resource: defaultResource().merge(
      resourceFromAttributes({
        'service.namespace': 'loguro',
        'service.instance.id': randomUUID(),
        ...parseKeyPairsIntoRecord(config.resource),
        'service.name': config.serviceName ?? service,
      }),
    ),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: watchExports(openExporter(config), { log, spans }),
        scheduledDelayMillis: config.delayMs,
        maxQueueSize: config.queueSpans,
        maxExportBatchSize: config.batchSpans,
        exportTimeoutMillis: config.exportTimeoutMs,
        selfObsMeterProvider: countDropped(dropped),
      }),
    ],
  });
  const tracer = provider.getTracer('loguro');
  return {
    spans,
    start(name, parent, options) {
      const remote = parent === null ? null : readContext(parent);
      if (remote === null) return startSpan(tracer, name, ROOT_CONTEXT, options);
      const context = trace.setSpanContext(ROOT_CONTEXT, remote);
      return startSpan(tracer, name, options.stranger === true ? markStranger(context) : context, options);
    },
    async shutdown() {
      const late = new Promise<void>((resolve) => setTimeout(resolve, SHUTDOWN_MS).unref());
      // Whether the last spans arrived is no reason to call a stop failed; the log has it.
      await Promise.race([provider.shutdown().catch(() => undefined), late]);
    },
  };
}

/** It keeps its connection, and tries again for as long as the timeout lets it. */
function openExporter({ url, headers, protocol, compression, exportTimeoutMs }: TracingConfig): SpanExporter {
  const Exporter = protocol === 'http/json' ? JsonExporter : ProtobufExporter;
  return new Exporter({
    url,
    headers: parseKeyPairsIntoRecord(headers),
    compression: compression === 'gzip' ? CompressionAlgorithm.GZIP : CompressionAlgorithm.NONE,
    timeoutMillis: exportTimeoutMs,
  });
}
