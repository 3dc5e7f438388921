import { EventEmitter } from 'node:events';
import { afterEach, expect, test } from '@jest/globals';
import { installShutdown } from './shutdown.js';

const before = { term: process.listeners('SIGTERM'), int: process.listeners('SIGINT') };
afterEach(() => {
  for (const [signal, kept] of [['SIGTERM', before.term] as const, ['SIGINT', before.int] as const]) {
    for (const listener of process.listeners(signal)) if (!kept.includes(listener)) process.off(signal, listener);
  }
});

function stopped(steps: { name: string; run: () => unknown }[], deadlineMs = 5000) {
  const exits = new EventEmitter();
  const logs: string[] = [];
  const code = new Promise<number>((resolve) => exits.once('exit', resolve));
  const stop = installShutdown({
    steps,
    deadlineMs,
    log: (message) => logs.push(message),
    exit: (c) => exits.emit('exit', c),
  });
  return { stop, code, logs };
}

test('steps run in order, each after the one before, and only once', async () => {
  const ran: string[] = [];
  const { stop, code } = stopped([
    { name: 'server', run: () => Promise.resolve().then(() => ran.push('server')) },
    { name: 'queue', run: () => ran.push('queue') },
  ]);
  void stop('first');
  void stop('second');
  expect(await code).toBe(0);
  expect(ran).toEqual(['server', 'queue']);
});

test('a step that fails does not keep later ones from running, and the exit code tells', async () => {
  const ran: string[] = [];
  const { stop, code, logs } = stopped([
    { name: 'server', run: () => Promise.reject(new Error('no')) },
    { name: 'queue', run: () => ran.push('queue') },
  ]);
  void stop('test');
  expect(await code).toBe(1);
  expect(ran).toEqual(['queue']);
  expect(logs).toContain('shutdown step failed');
});

test('a step that hangs is ended by the deadline', async () => {
  const { stop, code, logs } = stopped([{ name: 'server', run: () => new Promise(() => {}) }], 20);
  void stop('test');
  expect(await code).toBe(1);
  expect(logs).toContain('shutdown took too long');
});
