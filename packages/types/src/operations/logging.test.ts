import { EventEmitter } from 'node:events';
import { afterEach, expect, test } from '@jest/globals';
import { ConfigError } from './config.js';
import { logCrashes, loggerOptions, startFailure } from './logging.js';

const before = process.listeners('uncaughtException');
afterEach(() => {
  for (const listener of process.listeners('uncaughtException')) {
    if (!before.includes(listener)) process.off('uncaughtException', listener);
  }
});

test('a finished line is scrubbed whatever field a credential is in', () => {
  const { hooks } = loggerOptions('gateway', 'info');
  expect(hooks.streamWrite('{"path":"/x/pat_0123456789abcdef"}\n')).toBe('{"path":"/x/[redacted]"}\n');
});

test('an error that nobody caught is logged and ends the process with code 1', () => {
  const exits = new EventEmitter();
  const logged: object[] = [];
  const codes: number[] = [];
  exits.on('exit', (code: number) => codes.push(code));
  logCrashes({ fatal: (fields) => logged.push(fields) }, (code) => exits.emit('exit', code));
  const error = new Error('nobody caught it');
  const [own] = process.listeners('uncaughtException').filter((listener) => !before.includes(listener));
  own?.(error, 'uncaughtException');
  expect(logged).toEqual([{ err: error }]);
  expect(codes).toEqual([1]);
});

test('why a process could not start is said without secrets', () => {
  expect(startFailure(new ConfigError(['LOGURO_PORT is "postgres://u:hunter2@db"']))).not.toContain('hunter2');
  const refused = Object.assign(new Error('listen EADDRINUSE: address already in use 127.0.0.1:8080'), {
    code: 'EADDRINUSE',
  });
  expect(startFailure(refused)).toBe('listen EADDRINUSE: address already in use 127.0.0.1:8080');
});
