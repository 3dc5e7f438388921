import type { ConfigReader } from '@loguro/types/operations';

/** The samplers that OpenTelemetry's specification names. */
export const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

/** Encodings of OTLP over HTTP; gRPC would bring a second HTTP stack along. */
export const PROTOCOLS = ['http/protobuf', 'http/json'] as const;
const COMPRESSIONS = ['none', 'gzip'] as const;

/** How traces are made and where they go. */
export interface TracingConfig {
  /** Of the receiver, the path included. */
  url: string;
  protocol: (typeof PROTOCOLS)[number];
  compression: (typeof COMPRESSIONS)[number];
  /** `name=value,…` as OTEL_EXPORTER_OTLP_HEADERS has them; may be secret. */
  headers: string;
  /** For one export, its retries included, in milliseconds. */
  exportTimeoutMs: number;
  sampler: (typeof SAMPLERS)[number];
  /** Share of traces for the samplers that need one, from 0 to 1. */
  ratio: number;
  /** Overrides the process's own name. */
  serviceName: string | undefined;
  /** `name=value,…` as OTEL_RESOURCE_ATTRIBUTES has them. */
  resource: string;
  /** Between two exports, in milliseconds. */
  delayMs: number;
  /** Spans that may wait; more are dropped. */
  queueSpans: number;
  /** Spans of one export. */
  batchSpans: number;
}

const HTTP = ['http:', 'https:'];
const PAIRS = /^\s*(?:[^\s=,;]+\s*=[^,;]*(?:,|$)\s*)+$/;

/**
 * Reads OpenTelemetry's standard variables; the empty ones count as not set, as its specification asks.
 *
 * @returns null when tracing is off: without an endpoint, with OTEL_SDK_DISABLED=true or OTEL_TRACES_EXPORTER=none;
 *   the other variables are not looked at then
 */
export function readTracing(reader: ConfigReader): TracingConfig | null {
  const url = readUrl(reader);
  const disabled = reader.boolean('OTEL_SDK_DISABLED', false);
  const exporter = reader.choice('OTEL_TRACES_EXPORTER', ['otlp', 'none'], 'otlp');
  if (url === null || disabled || exporter === 'none') return null;
  const protocol = reader.choice('OTEL_EXPORTER_OTLP_PROTOCOL', PROTOCOLS, 'http/protobuf');
  const config: TracingConfig = {
    url,
    protocol: reader.choice('OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', PROTOCOLS, protocol),
    compression: reader.choice('OTEL_EXPORTER_OTLP_COMPRESSION', COMPRESSIONS, 'none'),
    headers: [readPairs(reader, 'OTEL_EXPORTER_OTLP_HEADERS'), readPairs(reader, 'OTEL_EXPORTER_OTLP_TRACES_HEADERS')]
      .filter((pairs) => pairs !== '')
      .join(','),
    exportTimeoutMs: reader.integer('OTEL_EXPORTER_OTLP_TIMEOUT', 10_000, { min: 100, max: 60_000 }),
    sampler: reader.choice('OTEL_TRACES_SAMPLER', SAMPLERS, 'parentbased_always_on'),
    ratio: readRatio(reader),
    serviceName: reader.optionalText('OTEL_SERVICE_NAME'),
    resource: readPairs(reader, 'OTEL_RESOURCE_ATTRIBUTES'),
    delayMs: reader.integer('OTEL_BSP_SCHEDULE_DELAY', 5000, { min: 10, max: 60_000 }),
    queueSpans: reader.integer('OTEL_BSP_MAX_QUEUE_SIZE', 2048, { min: 1, max: 100_000 }),
    batchSpans: reader.integer('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', 512, { min: 1, max: 10_000 }),
  };
  if (config.batchSpans > config.queueSpans) {
    reader.fault('OTEL_BSP_MAX_EXPORT_BATCH_SIZE is larger than OTEL_BSP_MAX_QUEUE_SIZE: so many never wait');
  }
  return config;
}

/** The endpoint of traces as it is, or the endpoint of all signals with the path that the specification gives traces. */
function readUrl(reader: ConfigReader): string | null {
  const own = 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT';
  const shared = 'OTEL_EXPORTER_OTLP_ENDPOINT';
  if (reader.optionalText(own) !== undefined) return reader.url(own, HTTP, 'traces go there');
  if (reader.optionalText(shared) === undefined) return null;
  const base = reader.url(shared, HTTP, 'traces go there');
  return `${base.replace(/\/+$/, '')}/v1/traces`;
}

/** The fault never repeats the value: headers are where the receiver's key is. */
function readPairs(reader: ConfigReader, name: string): string {
  const value = reader.optionalText(name) ?? '';
  if (value !== '' && !PAIRS.test(value)) reader.fault(`${name} is not a list such as name=value,other=value`);
  return value;
}

function readRatio(reader: ConfigReader): number {
  const text = reader.optionalText('OTEL_TRACES_SAMPLER_ARG') ?? '1';
  const ratio = Number(text);
  if (ratio >= 0 && ratio <= 1) return ratio;
  reader.fault(`OTEL_TRACES_SAMPLER_ARG is "${text}": it must be a share from 0 to 1`);
  return 1;
}
