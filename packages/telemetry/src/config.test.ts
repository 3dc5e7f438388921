import { expect, test } from '@jest/globals';
import { ConfigReader } from '@loguro/types/operations';
import { readTracing, type TracingConfig } from './config.js';

function load(env: Record<string, string>): TracingConfig | null {
  const reader = new ConfigReader(env);
  const config = readTracing(reader);
  reader.done();
  return config;
}
const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };

test.each([
  ['nothing is set', {}],
  ['the endpoint is empty', { OTEL_EXPORTER_OTLP_ENDPOINT: '' }],
  ['the SDK is disabled', { ...ENDPOINT, OTEL_SDK_DISABLED: 'true' }],
  ['the exporter is none', { ...ENDPOINT, OTEL_TRACES_EXPORTER: 'none' }],
  ['and faults elsewhere do not matter', { OTEL_TRACES_SAMPLER: 'nonsense' }],
])('traces are off when %s', (_, env) => {
  expect(load(env)).toBeNull();
});

test.each([
  [ENDPOINT, 'http://collector:4318/v1/traces'],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'https://c/otlp/' }, 'https://c/otlp/v1/traces'],
  [{ ...ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://other/in' }, 'http://other/in'],
])('%j sends them to %s', (env, url) => {
  expect(load(env)?.url).toBe(url);
});

test('without further variables everything is recorded, and memory is bounded as OpenTelemetry has it', () => {
  expect(load(ENDPOINT)).toMatchObject({
    sampler: 'parentbased_always_on',
    protocol: 'http/protobuf',
    compression: 'none',
    exportTimeoutMs: 10_000,
    queueSpans: 2048,
    batchSpans: 512,
  });
});

test('every fault is reported at once, and none repeats a header`s value', () => {
  const faulty = {
    ...ENDPOINT,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
    OTEL_EXPORTER_OTLP_HEADERS: 'hunter2',
    OTEL_TRACES_SAMPLER: 'jaeger_remote',
    OTEL_TRACES_SAMPLER_ARG: '2',
    OTEL_BSP_MAX_QUEUE_SIZE: '10',
  };
  let message = '';
  try {
    load(faulty);
  } catch (error) {
    message = String(error);
  }
  for (const name of Object.keys(faulty).slice(1)) expect(message).toContain(name);
  expect(message).not.toContain('hunter2');
});

test('headers for all signals and for traces are sent together', () => {
  const env = { OTEL_EXPORTER_OTLP_HEADERS: 'a=1,b=2', OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'b=3' };
  expect(load({ ...ENDPOINT, ...env })?.headers).toBe('a=1,b=2,b=3');
});
