import { expect, test } from '@jest/globals';
import { ConfigError, ConfigReader, type Environment } from './config.js';

function load(env: Environment) {
  const reader = new ConfigReader(env);
  const config = {
    url: reader.url('DATABASE_URL', ['postgres:'], 'records are stored there'),
    port: reader.integer('PORT', 8080, { min: 0, max: 65535 }),
    strict: reader.boolean('STRICT', true),
    hosts: reader.list('HOSTS', ['localhost']),
    level: reader.choice('LEVEL', ['info', 'debug'], 'info'),
  };
  reader.done();
  return config;
}

test('defaults fill in what is not set', () => {
  expect(load({ DATABASE_URL: 'postgres://localhost/x', PORT: '' })).toEqual({
    url: 'postgres://localhost/x',
    port: 8080,
    strict: true,
    hosts: ['localhost'],
    level: 'info',
  });
});

test('values are read as their types', () => {
  const env = { DATABASE_URL: 'postgres://h/x', PORT: '0', STRICT: 'false', HOSTS: ' a , b,', LEVEL: 'debug' };
  expect(load(env)).toMatchObject({ port: 0, strict: false, hosts: ['a', 'b'], level: 'debug' });
});

test('every fault is reported at once, each naming its variable', () => {
  try {
    load({ PORT: '8o80', STRICT: 'yes', HOSTS: ' , ', LEVEL: 'loud' });
    throw new Error('the configuration was accepted');
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    const { faults } = error as ConfigError;
    expect(faults.map((fault) => fault.split(' ')[0])).toEqual(['DATABASE_URL', 'PORT', 'STRICT', 'HOSTS', 'LEVEL']);
    expect(faults[0]).toContain('records are stored there');
  }
});

test.each(['-1', '65536', '1.5', '1e3', 'NaN', ' 80'])('%j is not a port', (port) => {
  expect(() => load({ DATABASE_URL: 'postgres://h/x', PORT: port })).toThrow(/PORT/);
});

test('a URL at fault is not repeated: it may hold a password', () => {
  const read = () => load({ DATABASE_URL: 'mysql://root:hunter2@db/x' });
  expect(read).toThrow(/DATABASE_URL is not a URL that starts with postgres:/);
  expect(read).not.toThrow(/hunter2/);
});

test('a fault that repeats its value leaves out what looks like a credential', () => {
  const read = () => load({ DATABASE_URL: 'postgres://h/x', PORT: 'redis://:hunter2@cache/0' });
  expect(read).toThrow(/PORT is "redis:/);
  expect(read).not.toThrow(/hunter2/);
});
