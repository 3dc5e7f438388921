import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readTracing, startTracing, type Tracing } from '@loguro/telemetry';
import { type OtlpReceiver, startOtlpReceiver } from '@loguro/testing';
import { CHUNK_TRACES } from '@loguro/types';
import { ConfigReader } from '@loguro/types/operations';
import { FairShare } from './fair-share.js';
import { startFlushSpan } from './flush-span.js';
import { type Append, buildJobs } from './job-builder.js';

let receiver: OtlpReceiver;
let tracing: Tracing;
beforeAll(async () => {
  receiver = await startOtlpReceiver();
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' };
  tracing = (await startTracing(readTracing(new ConfigReader(env)), {
    service: 'ingest-api',
    log: () => undefined,
  })) as Tracing;
});
afterAll(() => receiver.close());

const traceparent = (n: number) => `00-${String(n + 1).padStart(32, '0')}-00f067aa0ba902b7-01`;
const append = (dataset: number, trace?: string): Append => ({
  lines: { dataset, lines: 'x\n', count: 1, trace },
  at: 1,
});

function flush(appends: Append[]) {
  const { jobs, chunkIds } = buildJobs(appends, new FairShare());
  const span = startFlushSpan(tracing, appends, chunkIds, jobs);
  return { span, chunks: jobs.flatMap(({ data }) => data.chunks) };
}

test('a flush without a recorded request has no span, and its chunks are what they were without traces', () => {
  const { span, chunks } = flush([append(1), append(2)]);
  expect(span).toBeNull();
  for (const chunk of chunks) expect(Object.keys(chunk).sort()).toEqual(['at', 'count', 'dataset', 'id', 'lines']);
});

test('each chunk names the recorded requests that are in it, and no other', () => {
  const own = { id: 'an id', dataset: 3, count: 1, at: 1, lines: 'x\n' };
  const { chunks } = flush([
    append(1, traceparent(1)),
    append(2),
    append(1, traceparent(2)),
    { chunk: own, trace: traceparent(3) },
  ]);
  expect(chunks.map(({ dataset, traces }) => [dataset, traces])).toEqual([
    [1, [traceparent(1), traceparent(2)]],
    [2, undefined],
    [3, [traceparent(3)]],
  ]);
});

test('however many requests there are, what a chunk carries and what a span links to is bounded', async () => {
  const { span, chunks } = flush(Array.from({ length: 1000 }, (_, n) => append(1, traceparent(n))));
  expect(chunks.map(({ count, traces }) => [count, traces?.length])).toEqual([[1000, CHUNK_TRACES]]);
  span?.end();
  await tracing.shutdown();
  expect(receiver.spans[0]).toMatchObject({ name: 'send ingest', attributes: { 'loguro.requests': 1000 } });
  expect(receiver.spans[0]?.links).toHaveLength(128);
});
