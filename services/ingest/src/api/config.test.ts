import { expect, test } from '@jest/globals';
import { LIMITS } from '@loguro/types';
import { ConfigError } from '@loguro/types/operations';
import { loadConfig } from './config.js';

const NEEDED = {
  LOGURO_DATABASE_URL: 'postgres://loguro_ingest:x@db/loguro',
  LOGURO_QUEUE_URL: 'redis://queue:6379',
};

test('two URLs are enough, and the limits are those of the contract', () => {
  const config = loadConfig(NEEDED);
  expect(config).toMatchObject({ host: '127.0.0.1', port: 8082, opsPort: 9082, apiUrl: 'http://localhost:8080' });
  expect(config.limits).toEqual({
    recordBytes: LIMITS.recordBytes,
    batchRecords: LIMITS.batchRecords,
    bodyBytes: LIMITS.bodyBytes,
  });
});

test('every fault is told at once, by the name of its variable, and no password is repeated', () => {
  const env = {
    LOGURO_DATABASE_URL: 'mysql://user:hunter2@db/x',
    LOGURO_PORT: '99999',
    LOGURO_RECORD_BYTES: '16777216',
    LOGURO_API_URL: 'logu.ro',
  };
  expect(() => loadConfig(env)).toThrow(ConfigError);
  try {
    loadConfig(env);
  } catch (error) {
    const { message } = error as ConfigError;
    for (const name of [...Object.keys(env), 'LOGURO_QUEUE_URL']) expect(message).toContain(name);
    expect(message).not.toContain('hunter2');
  }
});
