import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { withClient } from '@loguro/servers';
import { type Answer, type OtlpReceiver, type ReceivedSpan, startOtlpReceiver, waitFor } from '@loguro/testing';
import { createTracedStack, PROCESSES, type TracedStack } from './testing/traced-stack.js';

/** Makes a process say, as its last words, whether it loaded the chunk of its bundle that holds OpenTelemetry's SDK. */
const CONFESS = `
  import { Session } from 'node:inspector';
  process.on('exit', () => {
    const session = new Session();
    const loaded = new Set();
    session.connect();
    session.on('Debugger.scriptParsed', ({ params }) => {
      const chunk = params.url.match(/(main|open-tracing)(?:-\\w+)?\\.js$/)?.[1];
      if (chunk !== undefined) loaded.add(chunk);
    });
    session.post('Debugger.enable');
    console.log('LOADED=' + [...loaded].sort());
  });`;
const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(CONFESS)}`;
/** What must be in no span: a value of a record, of a context, of a query, of a query string, of an unknown path. */
const SECRETS = ['sesame-record', 'sesame-context', 'sesame-query', 'sesame-search', 'sesame-baggage', 'sesame-key'];
const MAX_QUEUE = 100;

let stack: TracedStack;
let receiver: OtlpReceiver;
let dataset: number;
let key: string;

const spans = (traceId: string) => receiver.spans.filter((span) => span.traceId === traceId);
const hex = (bytes: number) => randomBytes(bytes).toString('hex');
const record = () => ({
  timestamp: new Date().toISOString(),
  context: { note: 'sesame-context' },
  text: 'sesame-record',
});

function expectStatus(answer: Answer, status: number): unknown {
  expect(answer).toMatchObject({ status });
  return answer.body === '' ? undefined : JSON.parse(answer.body);
}

async function storedRecords(): Promise<number> {
  const { rows } = await withClient(stack.ownerUrl, (client) =>
    client.query<{ count: string }>(`SELECT count(*) FROM records.dataset_${dataset}`),
  );
  return Number(rows[0]?.count);
}

/** The span of a name in a trace; waits for it. */
async function spanNamed(traceId: string, name: string): Promise<ReceivedSpan> {
  const find = () => spans(traceId).find((span) => span.name === name);
  await waitFor(find, { timeoutMs: 15_000, what: `the span ${name}` });
  return find() as ReceivedSpan;
}

/** The trace of a request that chose its own id. */
async function traceOf(requestId: string): Promise<string> {
  const find = () => receiver.spans.find(({ attributes }) => attributes['loguro.request_id'] === requestId);
  await waitFor(find, { timeoutMs: 15_000, what: `a span of the request ${requestId}` });
  return (find() as ReceivedSpan).traceId;
}

/** Follows a request from the gateway's span to the transaction that stored its records, by parents and links. */
async function followToTheTransaction(traceId: string, route: string): Promise<ReceivedSpan[]> {
  const process = await spanNamed(traceId, 'process ingest');
  const create = await spanNamed(traceId, 'create ingest');
  const served = await spanNamed(traceId, `POST ${route}`);
  const routed = await spanNamed(traceId, 'POST ingest');
  expect([process, create, served].map(({ parentSpanId }) => parentSpanId)).toEqual(
    [create, served, routed].map(({ spanId }) => spanId),
  );
  expect([routed, served, create, process].map(({ service, kind }) => [service, kind])).toEqual([
    ['gateway', 2],
    ['ingest-api', 2],
    ['ingest-api', 4],
    ['ingest-worker', 5],
  ]);
  const toCreate = { traceId, spanId: create.spanId };
  const linked = (name: string) =>
    receiver.spans.find((span) => span.name === name && span.links.some(({ spanId }) => spanId === create.spanId));
  await waitFor(() => linked('COPY records') && linked('send ingest'), { what: 'the spans that serve many requests' });
  const transaction = linked('COPY records') as ReceivedSpan;
  expect(transaction).toMatchObject({ service: 'ingest-worker', kind: 3, parentSpanId: '', failed: false });
  expect(transaction.links).toContainEqual(toCreate);
  expect(process.links).toEqual([{ traceId: transaction.traceId, spanId: transaction.spanId }]);
  expect(linked('send ingest')).toMatchObject({ service: 'ingest-api', kind: 3, parentSpanId: '' });
  return [routed, served, create, process, transaction];
}

beforeAll(async () => {
  receiver = await startOtlpReceiver();
  stack = await createTracedStack();
  await stack.start({ NODE_OPTIONS });
  const made = expectStatus(await stack.control('POST', '/datasets/local', { name: 'Traced' }), 201);
  dataset = (made as { dataset: { id: number } }).dataset.id;
  expectStatus(await stack.control('POST', `/datasets/local/${dataset}/schema`, { text: 'string' }), 201);
  const issued = expectStatus(await stack.control('POST', '/projects/local/keys', { name: 'k' }), 201);
  key = (issued as { secret: string }).secret;
}, 120_000);
afterAll(async () => {
  await stack.drop();
  await receiver.close();
});

test('without the variable no process loads any of OpenTelemetry`s SDK', async () => {
  const traceparent = `00-${hex(16)}-${hex(8)}-01`;
  expectStatus(await stack.ingest(`/datasets/${dataset}`, key, record(), { traceparent }), 202);
  await waitFor(async () => (await storedRecords()) === 1, { what: 'the record to be stored' });
  expect(await stack.end('SIGTERM')).toEqual([0, 0, 0, 0]);
  for (const name of PROCESSES) {
    expect([name, stack.output(name)]).toEqual([name, expect.stringMatching(/^LOADED=main$/m)]);
    expect(stack.output(name)).not.toContain('trace_id');
  }
  expect(receiver.exports).toEqual([]);
}, 60_000);

describe('with OTEL_EXPORTER_OTLP_ENDPOINT', () => {
  const on = () => ({
    NODE_OPTIONS,
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_EXPORTER_OTLP_HEADERS: 'x-collector-key=sesame-collector',
    OTEL_EXPORTER_OTLP_TIMEOUT: '1000',
    OTEL_BSP_SCHEDULE_DELAY: '50',
    OTEL_BSP_MAX_QUEUE_SIZE: String(MAX_QUEUE),
    OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '50',
  });
  beforeAll(() => stack.start(on()), 120_000);

  test('one trace leads from the caller through gateway, API and queue to the transaction that stored its record', async () => {
    const traceId = hex(16);
    const caller = hex(8);
    const headers = { traceparent: `00-${traceId}-${caller}-01`, tracestate: 'vendor=1' };
    const answer = await stack.ingest(`/datasets/${dataset}`, key, record(), headers);
    expectStatus(answer, 202);
    const [routed, served, create, process, transaction] = await followToTheTransaction(
      traceId,
      '/datasets/{datasetId}',
    );
    expect(routed?.parentSpanId).toBe(caller);
    expect(served?.attributes).toMatchObject({
      'http.request.method': 'POST',
      'http.route': '/datasets/{datasetId}',
      'http.response.status_code': 202,
      'url.path': `/datasets/${dataset}`,
      'url.scheme': 'http',
    });
    expect(create?.attributes).toMatchObject({ 'messaging.system': 'bullmq', 'loguro.records': 1 });
    expect(process?.attributes).toMatchObject({
      'loguro.outcome': 'stored',
      'loguro.receipt': create?.attributes['loguro.receipt'],
    });
    expect(transaction?.attributes).toMatchObject({ 'db.system.name': 'postgresql', 'loguro.chunks_failed': 0 });
    expect(receiver.exports[0]?.headers).toMatchObject({ 'x-collector-key': 'sesame-collector' });
  });

  test('a batch without a trace begins one, and so does one whose traceparent is malformed', async () => {
    const attempts = [{}, { traceparent: '00-0123-4567-01' }, { 'Idempotency-Key': 'sesame-key' }];
    for (const [i, headers] of attempts.entries()) {
      const requestId = `batch-${i}`;
      const path = `/datasets/${dataset}/batch`;
      const answer = await stack.ingest(path, key, [record(), record()], { 'X-Request-Id': requestId, ...headers });
      expectStatus(answer, 202);
      const [routed, , create] = await followToTheTransaction(await traceOf(requestId), '/datasets/{datasetId}/batch');
      expect(routed?.parentSpanId).toBe('');
      expect(create?.attributes['loguro.records']).toBe(2);
    }
  });

  test('a query`s trace leads to its statement, of which it shows the shape', async () => {
    const where = [{ field: 'text', op: '=', value: 'sesame-query' }];
    const path = `/datasets/local/${dataset}/query`;
    for (const Accept of ['application/json', 'text/csv']) {
      const requestId = `query-${Accept}`;
      expect(await stack.control('POST', path, { where }, { Accept, 'X-Request-Id': requestId })).toMatchObject({
        status: 200,
      });
      const traceId = await traceOf(requestId);
      const statement = await spanNamed(traceId, `SELECT records.dataset_${dataset}`);
      const served = await spanNamed(traceId, 'POST /api/datasets/{projectSlug}/{datasetId}/query');
      const routed = await spanNamed(traceId, 'POST control');
      expect([statement, served].map(({ parentSpanId }) => parentSpanId)).toEqual([served.spanId, routed.spanId]);
      expect(statement).toMatchObject({ service: 'control-plane', kind: 3, failed: false });
      expect(statement.attributes['db.query.text']).toMatch(/^SELECT [\s\S]*"text" = \$\d::text/);
      expect(statement.attributes['db.response.returned_rows']).toBe(1);
    }
  });

  test('a stranger does not decide what is recorded', async () => {
    const traceId = hex(16);
    const headers = { traceparent: `00-${traceId}-${hex(8)}-00` };
    expectStatus(await stack.ingest(`/datasets/${dataset}`, key, record(), headers), 202);
    await followToTheTransaction(traceId, '/datasets/{datasetId}');
  });

  test('logs name the trace of their line', async () => {
    const traceId = hex(16);
    const headers = { traceparent: `00-${traceId}-${hex(8)}-01`, 'X-Request-Id': 'logged' };
    expectStatus(await stack.control('GET', '/me', undefined, headers), 200);
    for (const name of ['gateway', 'control-plane'] as const) {
      const lines = () =>
        stack
          .output(name)
          .split('\n')
          .filter((line) => line.includes('"requestId":"logged"'));
      await waitFor(() => lines().length > 0, { what: `${name} to log the request` });
      expect(JSON.parse(lines()[0] as string)).toMatchObject({ trace_id: traceId });
    }
  });

  test('no credential, no value of a record or a query, and no query string is in any span', async () => {
    const headers = { baggage: 'k=sesame-baggage', 'X-Request-Id': 'refused-1' };
    const broken = { ...record(), text: 5, other: 'sesame-record' };
    expectStatus(await stack.ingest(`/datasets/${dataset}?sesame-search=1&token=${key}`, key, broken, headers), 400);
    const mislaid = { ...headers, 'X-Request-Id': 'refused-2' };
    expectStatus(await stack.ingest(`/datasets/${key}`, stack.pat, record(), mislaid), 401);
    const lost = { ...headers, 'X-Request-Id': 'refused-3' };
    expectStatus(await stack.control('GET', `/datasets/${stack.pat}/x?a=sesame-search`, undefined, lost), 404);
    for (const requestId of ['refused-1', 'refused-2', 'refused-3']) {
      const traceId = await traceOf(requestId);
      await waitFor(() => spans(traceId).length === 2, { what: `both spans of ${requestId}` });
      for (const span of spans(traceId)) expect(span.failed).toBe(false);
    }
    const everything = receiver.exports.map(({ body }) => body.toString()).join('\n');
    expect(everything).toContain('[redacted]');
    const secrets = [...SECRETS, 'sesame-collector', stack.pat, key, new URL(stack.ownerUrl).password, 'Bearer'];
    for (const secret of secrets.filter((text) => text !== '')) expect(everything).not.toContain(secret);
  });

  test('a receiver that is away loses no record and slows no request; what waits for it is bounded', async () => {
    const REQUESTS = 400;
    const post = async () => {
      const before = performance.now();
      expectStatus(await stack.ingest(`/datasets/${dataset}`, key, record()), 202);
      return performance.now() - before;
    };
    const median = (times: number[]) => times.sort((a, b) => a - b)[times.length >> 1] as number;
    const times: number[] = [];
    for (let i = 0; i < 100; i++) times.push(await post());
    const usual = median(times);
    const stored = await storedRecords();
    receiver.hang(true);
    const seen = receiver.spans.length;
    const slow: number[] = [];
    for (let i = 0; i < REQUESTS; i++) slow.push(await post());
    expect(median(slow)).toBeLessThan(3 * usual + 10);
    await waitFor(async () => (await storedRecords()) >= stored + REQUESTS, { what: 'all records to be stored' });
    await waitFor(() => stack.output('gateway').includes('traces could not be exported'), {
      timeoutMs: 20_000,
      what: 'the gateway to say that its traces are lost',
    });
    receiver.hang(false);
    const traceId = hex(16);
    await waitFor(
      async () => {
        await stack.ingest(`/datasets/${dataset}`, key, record(), { traceparent: `00-${traceId}-${hex(8)}-01` });
        return spans(traceId).some(({ service }) => service === 'ingest-worker');
      },
      { timeoutMs: 20_000, what: 'traces to arrive again' },
    );
    const late = receiver.spans.slice(seen).filter(({ name, traceId: id }) => name === 'POST ingest' && id !== traceId);
    expect(late.length).toBeLessThan(REQUESTS / 2 + MAX_QUEUE);
  }, 90_000);

  test('a process stops in time although the receiver hangs', async () => {
    receiver.hang(true);
    expectStatus(await stack.ingest(`/datasets/${dataset}`, key, record()), 202);
    const before = performance.now();
    expect(await stack.end('SIGTERM')).toEqual([0, 0, 0, 0]);
    expect(performance.now() - before).toBeLessThan(12_000);
    receiver.hang(false);
    for (const name of PROCESSES) expect(stack.output(name)).toMatch(/^LOADED=main,open-tracing$/m);
  }, 60_000);

  test('a stopping process sends the spans it still has, in protobuf unless told otherwise', async () => {
    const { OTEL_EXPORTER_OTLP_PROTOCOL: _, ...env } = on();
    await stack.start({ ...env, OTEL_BSP_SCHEDULE_DELAY: '60000' });
    const traceId = randomBytes(16);
    const headers = { traceparent: `00-${traceId.toString('hex')}-${hex(8)}-01` };
    const before = await storedRecords();
    const earlier = receiver.exports.length;
    expectStatus(await stack.ingest(`/datasets/${dataset}`, key, record(), headers), 202);
    await waitFor(async () => (await storedRecords()) > before, { what: 'the record to be stored' });
    expect(receiver.exports.length).toBe(earlier);
    expect(await stack.end('SIGTERM')).toEqual([0, 0, 0, 0]);
    const sent = receiver.exports.slice(earlier);
    expect(new Set(sent.map((one) => one.headers['content-type']))).toEqual(new Set(['application/x-protobuf']));
    for (const name of ['gateway', 'ingest-api', 'ingest-worker']) {
      const own = sent.filter(({ body }) => body.includes(name));
      expect([name, own.some(({ body }) => body.includes(traceId))]).toEqual([name, true]);
    }
  }, 90_000);
});
