import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readTracing, startTracing, type Tracing } from '@loguro/telemetry';
import { type OtlpReceiver, startOtlpReceiver } from '@loguro/testing';
import { ConfigReader } from '@loguro/types/operations';
import type { HeldChunk } from '../ledger/held-chunk.js';
import type { StoreResult } from '../ledger/store-chunks.js';
import { storeWithinSpan } from './store-span.js';

let receiver: OtlpReceiver;
beforeAll(async () => {
  receiver = await startOtlpReceiver();
});
afterAll(() => receiver.close());

const STORED: StoreResult = { outcome: 'stored', records: 1, dead: 0 };
const traceparent = (n: number) => `00-${String(n + 1).padStart(32, '0')}-00f067aa0ba902b7-01`;
const chunk = (id: string, traces?: string[]): HeldChunk => ({
  id,
  dataset: 1,
  count: 1,
  at: 1,
  lines: Buffer.from('sesame\n'),
  ...(traces && { traces }),
});

/** Stores chunks within spans; returns the spans that came of it. */
async function spansOf(chunks: HeldChunk[], store: (tracing: Tracing) => Promise<(StoreResult | Error)[]>) {
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' };
  const options = { service: 'ingest-worker', log: () => undefined };
  const tracing = (await startTracing(readTracing(new ConfigReader(env)), options)) as Tracing;
  const before = receiver.spans.length;
  const outcome = await storeWithinSpan(tracing, chunks, () => store(tracing)).catch((error: unknown) => error);
  await tracing.shutdown();
  const spans = receiver.spans.slice(before);
  return { outcome, spans, transaction: spans.find(({ name }) => name === 'COPY records') };
}

test('chunks of requests that are not recorded, as of a release without traces, are stored without a span', async () => {
  const { outcome, spans } = await spansOf([chunk('a'), chunk('b')], async () => [STORED, STORED]);
  expect(outcome).toEqual([STORED, STORED]);
  expect(spans).toEqual([]);
});

test('every request is told what became of its own chunk, by outcome or SQLSTATE and never by a message', async () => {
  const refused = Object.assign(new Error('value "sesame" is out of range'), { code: '22003' });
  const chunks = [chunk('a', [traceparent(1), traceparent(2)]), chunk('b', [traceparent(3)])];
  const { spans, transaction } = await spansOf(chunks, async () => [STORED, refused]);
  const steps = spans.filter(({ name }) => name === 'process ingest');
  expect(steps.map(({ traceId, failed, attributes }) => [Number(traceId), failed, attributes['error.type']])).toEqual([
    [2, false, undefined],
    [3, false, undefined],
    [4, true, '22003'],
  ]);
  expect(steps[0]?.attributes['loguro.outcome']).toBe('stored');
  expect(transaction).toMatchObject({ failed: true, attributes: { 'error.type': '22003', 'loguro.chunks_failed': 1 } });
  expect(JSON.stringify(spans)).not.toContain('sesame');
});

test('when nothing could be stored, everything says so, and the error goes on', async () => {
  const away = new Error('connect ECONNREFUSED', { cause: { code: 'ECONNREFUSED' } });
  const { outcome, spans } = await spansOf([chunk('a', [traceparent(1)])], () => Promise.reject(away));
  expect(outcome).toBe(away);
  expect(spans.map(({ failed, attributes }) => [failed, attributes['error.type']])).toEqual([
    [true, 'unavailable'],
    [true, 'unavailable'],
  ]);
});

test('of very many requests in one transaction the first 128 have a span', async () => {
  const chunks = Array.from({ length: 10 }, (_, i) =>
    chunk(
      `${i}`,
      Array.from({ length: 32 }, (_, n) => traceparent(i * 32 + n)),
    ),
  );
  const { spans, transaction } = await spansOf(chunks, async () => chunks.map(() => STORED));
  expect(spans).toHaveLength(129);
  expect(transaction?.links).toHaveLength(128);
});
