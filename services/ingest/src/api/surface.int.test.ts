import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { undocumented } from '@loguro/testing';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { GOOD_RECORD, startTestApi, type TestApi } from '../testing/test-api.js';
import { SECURITY_HEADERS } from './security-headers.js';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

describe('the wrong surface is told the right URL, without a credential', () => {
  test.each([
    ['GET', '/api/datasets/local', 'http://localhost:8080/api/datasets/local'],
    ['POST', '/api/datasets/local/13/query', 'http://localhost:8080/api/datasets/local/13/query'],
    ['DELETE', '/api', 'http://localhost:8080/api'],
    ['GET', '/datasets/13/schema', 'http://localhost:8080/api/datasets/:projectSlug/13/schema'],
    ['POST', '/datasets/13/query', 'http://localhost:8080/api/datasets/:projectSlug/13/query'],
    ['POST', '/datasets/local/13/schema', 'http://localhost:8080/api/datasets/local/13/schema'],
    ['GET', '/datasets/query', 'http://localhost:8080/api/datasets/:projectSlug/query'],
  ])('%s %s', async (method, path, url) => {
    const answer = await api.send({ method, path, key: null });
    expect([answer.status, answer.body.code]).toEqual([404, 'wrong_api_surface']);
    expect(answer.body.error).toContain(`${url},`);
  });
});

test.each([
  ['GET', '/datasets', 'POST, OPTIONS'],
  ['PUT', '/datasets/13', 'POST, OPTIONS'],
  ['DELETE', '/datasets/13/batch', 'POST, OPTIONS'],
  ['PATCH', '/datasets/batch', 'POST, OPTIONS'],
  ['POST', '/datasets/13/receipts/x', 'GET, HEAD, OPTIONS'],
  ['POST', '/healthz', 'GET, HEAD'],
])('%s %s is not allowed, and Allow says what is', async (method, path, allow) => {
  const answer = await api.send({ method, path, key: null });
  expect([answer.status, answer.body.code, answer.headers.get('allow')]).toEqual([405, 'method_not_allowed', allow]);
});

test.each([
  ['GET', '/'],
  ['POST', '/'],
  ['POST', '/Datasets/13'],
  ['POST', '/datasets/13/batch/more'],
  ['GET', '/metrics'],
  ['GET', '/datasetsx'],
  ['POST', '/datasets/%E0%A4%A'],
])('%s %s is no path, or no good one', async (method, path) => {
  const answer = await api.send({ method, path, body: method === 'POST' ? GOOD_RECORD : undefined });
  expect([400, 404]).toContain(answer.status);
});

test('health and readiness are told on the public port too', async () => {
  expect((await api.send({ method: 'GET', path: '/healthz', key: null })).body).toEqual({ status: 'ok' });
  expect((await api.send({ method: 'GET', path: '/readyz', key: null })).body).toEqual({ status: 'ready' });
});

test('answers of the hot path carry the security headers that Helmet gives the others', async () => {
  const hot = await api.send({ path: `/datasets/${api.dataset.id}`, body: GOOD_RECORD });
  const behind = await api.send({ method: 'GET', path: '/healthz' });
  expect(SECURITY_HEADERS.length).toBeGreaterThan(8);
  for (let i = 0; i < SECURITY_HEADERS.length; i += 2) {
    const name = String(SECURITY_HEADERS[i]);
    expect([name, hot.headers.get(name)]).toEqual([name, SECURITY_HEADERS[i + 1]]);
    expect([name, behind.headers.get(name)]).toEqual([name, SECURITY_HEADERS[i + 1]]);
  }
  expect(hot.headers.has('x-powered-by')).toBe(false);
});

test("the caller's request id comes back when it is sane, and a new one otherwise", async () => {
  const path = `/datasets/${api.dataset.id}?dry_run=true`;
  const idOf = async (id: string) =>
    (await api.send({ path, body: GOOD_RECORD, headers: { 'X-Request-Id': id } })).headers.get('x-request-id');
  expect(await idOf('a-b_c:1')).toBe('a-b_c:1');
  expect(await idOf('a b')).toMatch(/^[0-9a-f-]{36}$/);
  expect(await idOf('x'.repeat(129))).toMatch(/^[0-9a-f-]{36}$/);
});

test('the metrics tell of requests, rejects, caches and bodies in work', async () => {
  await api.send({ path: `/datasets/${api.dataset.id}/batch`, body: [{}, 1, GOOD_RECORD] });
  const large = { ...GOOD_RECORD, country: 'x'.repeat(256 * 1024) };
  await api.send({ path: `/datasets/${api.dataset.id}/batch?partial=true`, body: [{}, large, GOOD_RECORD] });
  const text = await api.registry.metrics();
  expect(text).toMatch(/loguro_ingest_requests_total\{outcome="ok"\} [1-9]/);
  expect(text).toMatch(/loguro_ingest_requests_total\{outcome="invalid_record"\} 1/);
  expect(text).toMatch(/loguro_ingest_rejected_records_total\{reason="invalid_record"\} 3/);
  expect(text).toMatch(/loguro_ingest_rejected_records_total\{reason="payload_too_large"\} 1/);
  expect(text).toMatch(/loguro_ingest_accepted_records_total [1-9]/);
  expect(text).toMatch(/loguro_ingest_request_seconds_count [1-9]/);
  expect(text).toMatch(/loguro_ingest_cache_lookups_total\{cache="project_keys",result="hit"\} [1-9]/);
  expect(text).toMatch(/loguro_ingest_body_bytes 0/);
  expect(text).toMatch(/loguro_ingest_change_feed_live 1/);
  expect(text).toMatch(/loguro_ingest_queue_open 1/);
  expect(text).toMatch(/loguro_ingest_queue_waiting_jobs_limit [1-9]/);
  expect(text).toMatch(/loguro_ingest_queue_used_bytes_limit [1-9]/);
});

test('docs/metrics.md names all metrics, and no other', async () => {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const text = (await api.registry.metrics()) + (await registry.metrics());
  registry.clear();
  expect(undocumented('Ingest API', text)).toEqual([]);
});
