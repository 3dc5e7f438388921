import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ROUTES } from '@loguro/types';
import { Validator } from '@seriousme/openapi-schema-validator';
import { startTestApi, type TestApi } from '../testing/test-api.js';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi({
    LOGURO_API_URL: 'https://logu.ro',
    LOGURO_INGEST_URL: 'https://ingest.logu.ro',
  });
});
afterAll(() => api.stop());

test('the document is valid OpenAPI 3.1 by a public validator, and needs no credential', async () => {
  const { body } = await api.call('readOpenApi', { expect: 200 });
  expect(await new Validator().validate(body)).toEqual({ valid: true });
  expect(body.openapi).toBe('3.1.0');
});

test('the document lists every operation of both surfaces under its own host', async () => {
  const { body } = await api.call('readOpenApi');
  for (const { path, method, operationId, surface } of ROUTES) {
    expect(body.paths[path][method.toLowerCase()].operationId).toBe(operationId);
    expect(body.paths[path].servers).toEqual([
      { url: surface === 'control' ? 'https://logu.ro' : 'https://ingest.logu.ro' },
    ]);
  }
});
