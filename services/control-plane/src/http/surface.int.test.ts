import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CONTROL_ROUTES } from '@loguro/types';
import supertest from 'supertest';
import { startTestApi, type TestApi } from '../testing/test-api.js';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi({
    LOGURO_API_URL: 'https://logu.ro/',
    LOGURO_INGEST_URL: 'https://ingest.logu.ro',
  });
});
afterAll(() => api.stop());

type Verb = 'get' | 'post' | 'put' | 'patch' | 'delete' | 'options' | 'head';
const send = (method: string, path: string, headers: Record<string, string> = {}) => {
  let request = supertest(api.url)[method.toLowerCase() as Verb](path);
  for (const [name, value] of Object.entries(headers)) request = request.set(name, value);
  return request;
};

describe('records on the wrong surface', () => {
  test.each([
    ['POST', '/datasets/13', 'https://ingest.logu.ro/datasets/13'],
    ['POST', '/datasets/13/batch', 'https://ingest.logu.ro/datasets/13/batch'],
    ['POST', '/datasets', 'https://ingest.logu.ro/datasets'],
    ['GET', '/datasets/13', 'https://ingest.logu.ro/datasets/13'],
    ['POST', '/api/datasets/local/13', 'https://ingest.logu.ro/datasets/13'],
    ['POST', '/api/datasets/local/13/batch', 'https://ingest.logu.ro/datasets/13'],
    ['POST', '/api/datasets/local/orders', 'https://ingest.logu.ro/datasets/:datasetId'],
  ])('%s %s names %s, without asking for a credential', async (method, path, url) => {
    const { status, body } = await send(method, path);
    expect({ status, code: body.code }).toEqual({ status: 404, code: 'wrong_api_surface' });
    expect(body.error).toContain(url);
  });
});

// Paths and methods come from the contract, so that a new route is covered by itself.
const methods = new Map<string, string[]>();
for (const { path, method } of Object.values(CONTROL_ROUTES)) methods.set(path, [...(methods.get(path) ?? []), method]);
const missing = [...methods].flatMap(([path, known]) =>
  ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']
    .filter((method) => !known.includes(method))
    .map((method) => ({ method, path, known })),
);

test.each(missing)('$method $path is not allowed, and Allow says what is', async ({ method, path, known }) => {
  const { status, body, headers } = await send(method, path.replaceAll(/\{\w+\}/g, '1'));
  if (method === 'POST' && path === CONTROL_ROUTES.readDataset.path) {
    expect(body.code).toBe('wrong_api_surface');
    return;
  }
  expect({ status, code: body.code }).toEqual({ status: 405, code: 'method_not_allowed' });
  expect(headers.allow?.split(', ').filter((allowed) => allowed !== 'HEAD')).toEqual(known);
});

test.each(['/', '/api', '/api/', '/api/nope', '/api/datasets', '/api/datasets/a/1/schema/x', '/favicon.ico', '/.env'])(
  'the path %s does not exist',
  async (path) => {
    const { status, body } = await send('GET', path);
    expect({ status, code: body.code }).toEqual({ status: 404, code: 'route_not_found' });
    expect(body.error).toContain('https://logu.ro/api/openapi.json');
  },
);

test('a path with broken percent-encoding is 400', async () => {
  const { status, body } = await send('GET', '/api/datasets/%E0%A4%A');
  expect({ status, code: body.code }).toEqual({ status: 400, code: 'invalid_request' });
});

describe('X-Request-Id', () => {
  test.each([
    ['GET', '/api/openapi.json', 200],
    ['GET', '/api/me', 401],
    ['GET', '/nope', 404],
    ['POST', '/datasets/1', 404],
    ['PUT', '/api/me', 405],
    ['GET', '/healthz', 200],
  ])("is the caller's on %s %s (%i)", async (method, path, status) => {
    const response = await send(method, path, { 'X-Request-Id': 'my-id:42' });
    expect(response.status).toBe(status);
    expect(response.headers['x-request-id']).toBe('my-id:42');
    if (status >= 400) expect(response.body.requestId).toBe('my-id:42');
  });

  test.each(['', 'a b', 'x'.repeat(129), 'ü', '<script>'])('%j is replaced by a new one', async (id) => {
    const { headers } = await send('GET', '/healthz', { 'X-Request-Id': id });
    expect(headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });
});

test('no answer tells what the server is made of', async () => {
  const { headers } = await send('GET', '/healthz');
  expect(headers['x-powered-by']).toBeUndefined();
  expect(headers.server).toBeUndefined();
  expect(headers['x-content-type-options']).toBe('nosniff');
});

test('the API is not open to other origins', async () => {
  const { headers } = await send('GET', '/api/openapi.json', { Origin: 'https://evil.example' });
  expect(Object.keys(headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
});
