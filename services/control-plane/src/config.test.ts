import { randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { loadConfig } from './config.js';

const minimal = {
  LOGURO_DATABASE_URL: 'postgres://control:secret@db/loguro',
  LOGURO_QUERY_DATABASE_URL: 'postgresql://query:secret@db/loguro',
  LOGURO_SECRET_KEY: randomBytes(32).toString('base64'),
};

test('three variables are enough', () => {
  expect(loadConfig(minimal)).toMatchObject({
    host: '127.0.0.1',
    port: 8081,
    opsPort: 9081,
    apiUrl: 'http://localhost:8080',
    ingestUrl: 'http://ingest.localhost:8080',
  });
});

test('base URLs lose the slash at their end', () => {
  expect(loadConfig({ ...minimal, LOGURO_API_URL: 'https://logu.ro/' }).apiUrl).toBe('https://logu.ro');
});

test('every fault is reported at once, naming its variable and no secret', () => {
  const load = () =>
    loadConfig({
      LOGURO_DATABASE_URL: 'mysql://root:hunter2@db',
      LOGURO_SECRET_KEY: 'hunter2',
      LOGURO_PORT: '80801',
      LOGURO_LOG_LEVEL: 'loud',
      LOGURO_QUERY_TIMEOUT_MS: '1s',
    });
  expect(load).toThrow(/LOGURO_DATABASE_URL/);
  expect(load).toThrow(/LOGURO_QUERY_DATABASE_URL is not set/);
  expect(load).toThrow(/LOGURO_SECRET_KEY is not 32 bytes in base64/);
  expect(load).toThrow(/LOGURO_PORT/);
  expect(load).toThrow(/LOGURO_LOG_LEVEL/);
  expect(load).toThrow(/LOGURO_QUERY_TIMEOUT_MS/);
  expect(load).not.toThrow(/hunter2/);
});

test.each([31, 33, 0])('a secret key of %i bytes is refused', (bytes) => {
  const LOGURO_SECRET_KEY = randomBytes(bytes).toString('base64');
  expect(() => loadConfig({ ...minimal, LOGURO_SECRET_KEY })).toThrow(/LOGURO_SECRET_KEY/);
});

test.each([
  ['none', []],
  ['10.0.0.0/8, ::1, loopback', ['10.0.0.0/8', '::1', 'loopback']],
])('LOGURO_TRUST_PROXY=%s is understood', (LOGURO_TRUST_PROXY, trustProxy) => {
  expect(loadConfig({ ...minimal, LOGURO_TRUST_PROXY }).trustProxy).toEqual(trustProxy);
});

test.each(['everyone', '10.0.0.0/33', '10.0.0/8', 'loopback,none', '::1/129', '*'])(
  'LOGURO_TRUST_PROXY=%s is refused',
  (LOGURO_TRUST_PROXY) => {
    expect(() => loadConfig({ ...minimal, LOGURO_TRUST_PROXY })).toThrow(/LOGURO_TRUST_PROXY names/);
  },
);
