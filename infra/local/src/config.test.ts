import { expect, test } from '@jest/globals';
import { defaultDataFolder, loadConfig } from './config.js';

test('without any setting the stack runs on port 8080, for this machine alone, with data in .loguro', () => {
  const config = loadConfig({}, '/repo');
  expect(config).toMatchObject({ port: 8080, host: '127.0.0.1', queueUrl: undefined });
  expect(config.dataFolder).toBe(defaultDataFolder());
});

test('a relative data folder is taken from where the command is run', () => {
  expect(loadConfig({ LOGURO_DATA_DIR: 'data/one' }, '/repo').dataFolder).toBe('/repo/data/one');
});

test('every fault is reported at once, and a queue URL is not repeated: it may hold a password', () => {
  const faults = () => loadConfig({ LOGURO_PORT: '80808', LOGURO_QUEUE_URL: 'http://:secret@host' }, '/repo');
  expect(faults).toThrow(/LOGURO_PORT[\s\S]*LOGURO_QUEUE_URL/);
  expect(faults).not.toThrow(/secret/);
});

test('services inherit their own options, but no address, password or database of another process', () => {
  const env = { LOGURO_LOG_LEVEL: 'debug', LOGURO_PORT: '1', LOGURO_DATABASE_URL: 'postgres://x', PATH: '/bin' };
  expect(loadConfig(env, '/repo').inherited).toEqual({ LOGURO_LOG_LEVEL: 'debug', PATH: '/bin' });
});
