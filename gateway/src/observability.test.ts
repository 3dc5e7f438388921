import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { undocumented, waitFor } from '@loguro/testing';
import { pino } from 'pino';
import type { AccessLogMode } from './config.js';
import {
  CONTROL_HOST,
  exchange,
  header,
  INGEST_HOST,
  StandIn,
  startGateway,
  type TestGateway,
} from './testing/index.js';

let service: StandIn;
let gateway: TestGateway | undefined;
let lines: Record<string, unknown>[];

beforeEach(async () => {
  lines = [];
  service = new StandIn();
  await service.listen();
});

afterEach(async () => {
  await gateway?.close();
  gateway = undefined;
  await service.close();
});

async function start(accessLog: AccessLogMode): Promise<TestGateway> {
  gateway = await startGateway({
    controlUpstreams: ['http://127.0.0.1:1'],
    ingestUpstreams: [service.origin],
    accessLog,
    logger: pino({}, { write: (line: string) => lines.push(JSON.parse(line)) }),
  });
  return gateway;
}

const get = (host: string, extra = '') =>
  `GET /datasets?token=hidden HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer secret\r\n${extra}\r\n`;

describe('the access log', () => {
  test('has one line per request that joins it to the services, and nothing secret', async () => {
    const { port } = await start('all');
    const response = await exchange(port, get(INGEST_HOST, 'X-Request-Id: my-id-1\r\n'));
    expect(header(response, 'x-request-id')).toBe('my-id-1');
    const [line] = await waitFor(() => (lines.length > 0 ? lines : null), { what: 'the line' });
    expect(line).toMatchObject({
      requestId: 'my-id-1',
      method: 'GET',
      path: '/datasets',
      status: 200,
      surface: 'ingest',
      upstream: service.origin,
      clientAddress: '127.0.0.1',
      durationMs: expect.any(Number),
    });
    expect(JSON.stringify(lines)).not.toMatch(/secret|hidden/);
  });

  test('can be limited to what went wrong', async () => {
    const { port } = await start('errors');
    await exchange(port, get(INGEST_HOST));
    await exchange(port, get('unknown.example'));
    await exchange(port, get(CONTROL_HOST));
    const requests = await waitFor(() => lines.filter(({ status }) => status !== undefined), { what: 'the line' });
    expect(requests).toMatchObject([{ status: 503, surface: 'control', reason: 'ECONNREFUSED' }]);
  });

  test('can be off', async () => {
    const { port } = await start('off');
    await exchange(port, get(INGEST_HOST));
    expect(lines).toEqual([]);
  });
});

describe('metrics', () => {
  test('count requests by surface and status, with their durations', async () => {
    const { port, gateway: started } = await start('off');
    for (let i = 0; i < 3; i += 1) await exchange(port, get(INGEST_HOST));
    await exchange(port, get(CONTROL_HOST));
    await exchange(port, get('unknown.example'));
    const text = await started.metrics();
    expect(text).toContain('loguro_gateway_requests_total{surface="ingest",status="200"} 3');
    expect(text).toContain('loguro_gateway_requests_total{surface="control",status="503"} 1');
    expect(text).toContain('loguro_gateway_requests_total{surface="none",status="421"} 1');
    expect(text).toContain('loguro_gateway_request_duration_seconds_bucket{surface="ingest",le="+Inf"} 3');
    expect(text).toContain('loguro_gateway_request_duration_seconds_count{surface="ingest"} 3');
    expect(text).toContain('loguro_gateway_upstream_up{upstream="http://127.0.0.1:1"} 0');
    expect(text).toContain(`loguro_gateway_upstream_up{upstream="${service.origin}"} 1`);
    expect(text).toContain('upstream_failures_total{upstream="http://127.0.0.1:1",reason="ECONNREFUSED"} 1');
  });

  test('docs/metrics.md names all of them, and no other', async () => {
    const { port, gateway: started } = await start('off');
    for (const host of [INGEST_HOST, CONTROL_HOST, 'unknown.example']) await exchange(port, get(host));
    await exchange(port, 'no HTTP\r\n\r\n');
    const onlyWithTls = ['loguro_gateway_certificate_expiry_timestamp_seconds'];
    expect(undocumented('Gateway', await started.metrics(), onlyWithTls)).toEqual([]);
  });

  test('buckets are cumulative', async () => {
    const { port, gateway: started } = await start('off');
    await exchange(port, get(INGEST_HOST));
    const counts = [...(await started.metrics()).matchAll(/_bucket\{surface="ingest",le="[^"]+"\} (\d+)/g)].map(
      ([, count]) => Number(count),
    );
    expect(counts).toHaveLength(17);
    expect([...counts].sort((a, b) => a - b)).toEqual(counts);
    expect(counts.at(-1)).toBe(1);
  });
});
