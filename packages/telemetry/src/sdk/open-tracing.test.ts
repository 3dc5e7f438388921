import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type OtlpReceiver, startOtlpReceiver, waitFor } from '@loguro/testing';
import { Registry } from 'prom-client';
import type { TracingConfig } from '../config.js';
import { endServerSpan, startServerSpan } from '../server-span.js';
import { registerSpanMetrics } from '../span-metrics.js';
import { SHUTDOWN_MS, type Tracing } from '../tracing.js';
import { openTracing } from './open-tracing.js';

const CALLER = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

let receiver: OtlpReceiver;
let tracing: Tracing | undefined;
let logged: string[];
beforeEach(async () => {
  receiver = await startOtlpReceiver();
  logged = [];
});
afterEach(async () => {
  await tracing?.shutdown();
  await receiver.close();
});

function open(config: Partial<TracingConfig> = {}): Tracing {
  const base: TracingConfig = {
    url: `${receiver.endpoint}/v1/traces`,
    protocol: 'http/json',
    compression: 'none',
    headers: '',
    exportTimeoutMs: 10_000,
    sampler: 'parentbased_always_on',
    ratio: 1,
    serviceName: undefined,
    resource: '',
    delayMs: 60_000,
    queueSpans: 2048,
    batchSpans: 512,
  };
  // One that was left hanging may have something to say while the next test runs.
  const own = logged;
  tracing = openTracing({ ...base, ...config }, { service: 'tested', log: (message) => own.push(message) });
  return tracing;
}

const served = {
  method: 'POST',
  path: '/datasets/13?token=hunter2',
  kind: '/datasets/{datasetId}',
  scheme: 'http' as const,
  protocolVersion: '1.1',
  requestId: 'r1',
  status: 202,
  code: undefined,
};

test('a request`s span continues the caller`s trace, and what is within it follows', async () => {
  const span = startServerSpan(open(), { traceparent: CALLER, tracestate: 'vendor=1' });
  const child = span.child('create ingest', { role: 'producer' });
  expect(child.traceparent).toMatch(/^00-4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]{16}-01$/);
  expect(span.tracestate).toBe('vendor=1');
  child.end();
  endServerSpan(span, served);
  endServerSpan(span, { ...served, status: 500 });
  await tracing?.shutdown();
  const [inner, outer] = receiver.spans;
  expect(outer).toMatchObject({
    service: 'tested',
    name: 'POST /datasets/{datasetId}',
    parentSpanId: '00f067aa0ba902b7',
    failed: false,
    attributes: { 'url.path': '/datasets/13', 'loguro.request_id': 'r1' },
  });
  expect(inner?.parentSpanId).toBe(outer?.spanId);
  expect(receiver.spans).toHaveLength(2);
});

test.each([
  ['absent', undefined],
  ['cut short', CALLER.slice(0, 40)],
  ['sent twice', `${CALLER}, ${CALLER}`],
  ['all zeros', '00-00000000000000000000000000000000-0000000000000000-01'],
])('a traceparent that is %s begins a new trace', (_, traceparent) => {
  const span = startServerSpan(open(), { traceparent });
  expect(span.traceId).toMatch(/^(?!4bf9|0{32})[0-9a-f]{32}$/);
});

test.each([
  [404, undefined, { failed: false }],
  [503, 'overloaded', { failed: true, attributes: { 'error.type': 'overloaded', 'http.response.status_code': '503' } }],
  [499, undefined, { failed: true, attributes: { 'error.type': 'client_gone' } }],
])('status %d is told as it should be', async (status, code, expected) => {
  endServerSpan(startServerSpan(open(), {}), { ...served, status, code });
  await tracing?.shutdown();
  const [span] = receiver.spans;
  const attributes = { ...span?.attributes };
  if ('http.response.status_code' in attributes) {
    attributes['http.response.status_code'] = String(attributes['http.response.status_code']);
  }
  expect({ ...span, attributes }).toMatchObject(expected);
  expect('http.response.status_code' in attributes).toBe(status !== 499);
});

test('a method nobody knows makes no name of its own, and a credential in a path is struck', async () => {
  const path = `/datasets/pat_${'x'.repeat(40)}`;
  endServerSpan(startServerSpan(open(), {}), { ...served, method: 'BREW', path, kind: undefined });
  await tracing?.shutdown();
  expect(receiver.spans[0]).toMatchObject({
    name: 'HTTP',
    attributes: { 'http.request.method': '_OTHER', 'url.path': '/datasets/[redacted]' },
  });
});

test('a request that is not recorded is passed on as such, and nothing of it is exported', async () => {
  const span = startServerSpan(open(), { traceparent: CALLER.replace(/01$/, '00') });
  expect(span.recorded).toBe(false);
  expect(span.child('x', { role: 'client' }).traceparent).toMatch(/-00$/);
  endServerSpan(span, served);
  await tracing?.shutdown();
  expect(receiver.exports).toEqual([]);
});

test('headers, compression and protobuf reach the receiver', async () => {
  open({ protocol: 'http/protobuf', compression: 'gzip', headers: 'x-key=a%20b,x-other=c', resource: 'zone=1' });
  tracing?.start('x', null, { role: 'client' }).end();
  await tracing?.shutdown();
  expect(receiver.exports[0]).toMatchObject({
    path: '/v1/traces',
    headers: {
      'content-type': 'application/x-protobuf',
      'content-encoding': 'gzip',
      'x-key': 'a b',
      'x-other': 'c',
    },
  });
});

test('a receiver that never answers holds a stop up for no longer than it may', async () => {
  receiver.hang(true);
  open({ exportTimeoutMs: 4000 }).start('x', null, { role: 'client' }).end();
  const before = performance.now();
  await tracing?.shutdown();
  const took = performance.now() - before;
  expect(took).toBeGreaterThan(SHUTDOWN_MS - 50);
  expect(took).toBeLessThan(SHUTDOWN_MS + 1000);
});

test('spans beyond what may wait are dropped, and the log hears of a loss once and of its end', async () => {
  open({ queueSpans: 20, batchSpans: 10, exportTimeoutMs: 200, delayMs: 10 });
  receiver.hang(true);
  let made = 0;
  const make = (count: number, name: string) => {
    made += count;
    for (let i = 0; i < count; i++) tracing?.start(name, null, { role: 'client' }).end();
  };
  make(1000, 'lost');
  await waitFor(() => logged.length > 0, { what: 'a word of the loss' });
  receiver.hang(false);
  await waitFor(
    () => {
      make(1, 'found');
      return logged.length > 1 && receiver.spans.some(({ name }) => name === 'found');
    },
    { what: 'spans to arrive again' },
  );
  expect(receiver.spans.filter(({ name }) => name === 'lost').length).toBeLessThanOrEqual(30);
  expect(logged.slice(0, 2)).toEqual(['traces could not be exported', 'traces are exported again']);
  await tracing?.shutdown();
  const { exported, failed, dropped } = tracing?.spans ?? {};
  expect(exported).toBe(receiver.spans.length);
  expect(failed).toBeGreaterThanOrEqual(10);
  // Of the thousand that were made at once, those that found no place; every one is accounted for.
  expect(dropped).toBeGreaterThanOrEqual(970);
  expect((exported ?? 0) + (failed ?? 0) + (dropped ?? 0)).toBe(made);
  const registry = new Registry();
  registerSpanMetrics(registry, tracing ?? null);
  const text = await registry.metrics();
  expect(text).toContain(`loguro_trace_spans_total{outcome="dropped"} ${dropped}\n`);
  expect(text).toContain(`loguro_trace_spans_total{outcome="exported"} ${exported}\n`);
});
