import { expect, test } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import { buildOpenApi, ROUTES } from './openapi.js';

const document = buildOpenApi({ version: '1.2.3', apiUrl: 'https://logu.ro', ingestUrl: 'https://ingest.logu.ro' });

test('the document is valid OpenAPI 3.1', async () => {
  const validator = new Validator();
  const result = await validator.validate(structuredClone(document) as Record<string, unknown>);
  expect(result.errors).toBeUndefined();
  expect(result.valid).toBe(true);
  expect(validator.version).toBe('3.1');
});

test('every reference in it leads somewhere', () => {
  const { components } = document as { components: { schemas: object } };
  const names = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map((m) => m[1]);
  expect(names.length).toBeGreaterThan(100);
  for (const name of names) expect(Object.keys(components.schemas)).toContain(name);
  expect(JSON.stringify(document)).not.toContain('"$id"');
});

test('no two operations share an id or a place', () => {
  expect(new Set(ROUTES.map((route) => route.operationId)).size).toBe(ROUTES.length);
  expect(new Set(ROUTES.map((route) => `${route.method} ${route.path}`)).size).toBe(ROUTES.length);
});
