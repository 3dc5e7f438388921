import { expect, test } from '@jest/globals';
import { CreateTokenBody } from './account.js';
import { COMPONENTS } from './components.js';
import { CreateDatasetBody } from './dataset.js';
import { ROUTES } from './openapi.js';
import { createValidators } from './validation.js';

const validators = createValidators(COMPONENTS);

test('every schema of the contract compiles in strict mode', () => {
  for (const route of ROUTES) {
    for (const schema of [route.query, route.body, ...Object.values(route.success).map((answer) => answer.schema)]) {
      if (schema !== undefined) expect(() => validators.compile(schema)).not.toThrow();
    }
  }
});

test('each fault is named once, at its place, in words', () => {
  const check = validators.compile(CreateDatasetBody);
  expect(check({ name: 'Orders' })).toEqual([]);
  expect(check({ nmae: 'Orders' })).toEqual([
    { path: 'name', message: 'is required' },
    { path: 'nmae', message: 'is not a known property' },
  ]);
  expect(check({ name: 'Orders', description: 5 })).toEqual([
    { path: 'description', message: 'must be string or null' },
  ]);
  expect(check({ name: '   ' })).toHaveLength(1);
  expect(check(JSON.parse('{"name":"x","__proto__":{"a":1}}'))).toEqual([
    { path: '__proto__', message: 'is not a known property' },
  ]);
});

test('a timestamp is checked as strictly as the database would', () => {
  const check = validators.compile(CreateTokenBody);
  expect(check({ name: 'ci', expiresAt: '2030-01-01T00:00:00Z' })).toEqual([]);
  expect(check({ name: 'ci', expiresAt: '2030-02-31T00:00:00Z' })).toEqual([
    { path: 'expiresAt', message: expect.stringContaining('RFC 3339') },
  ]);
});
