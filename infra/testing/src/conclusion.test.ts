import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type Conclusion, conclude } from './conclusion.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'loguro-conclusion-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const GOOD = {
  numPassedTests: 7,
  numFailedTests: 0,
  numRuntimeErrorTestSuites: 0,
  numPendingTests: 0,
  numTodoTests: 0,
};

function concluded(counts: Partial<typeof GOOD>, change: Partial<Conclusion> = {}) {
  const results = join(folder, 'results.json');
  writeFileSync(results, JSON.stringify({ ...GOOD, ...counts }));
  const lines: string[] = [];
  const code = conclude({ results, code: 0, leaks: 0, complete: true, say: (line) => lines.push(line), ...change });
  return { code, last: lines.at(-1) };
}

test('a run in which everything passed is a success', () => {
  expect(concluded({})).toEqual({ code: 0, last: '7 passed, 0 failed' });
});

test('failed tests and files that could not run count as failed, with the exit code of jest', () => {
  expect(concluded({ numFailedTests: 2, numRuntimeErrorTestSuites: 1 }, { code: 1 })).toEqual({
    code: 1,
    last: '7 passed, 3 failed',
  });
});

test('what tests left open fails a run that jest found good', () => {
  expect(concluded({}, { leaks: 2 })).toEqual({ code: 1, last: '7 passed, 2 failed' });
});

test('a skipped test fails a complete run, and is nothing in one of chosen tests', () => {
  expect(concluded({ numPendingTests: 1, numTodoTests: 1 })).toEqual({ code: 1, last: '7 passed, 2 failed' });
  expect(concluded({ numPendingTests: 4 }, { complete: false })).toEqual({ code: 0, last: '7 passed, 0 failed' });
});

test('a run without results is never a success', () => {
  expect(concluded({}, { results: join(folder, 'none.json'), code: 1 })).toEqual({
    code: 1,
    last: '0 passed, 0 failed',
  });
  expect(concluded({}, { results: join(folder, 'none.json'), code: 0 }).code).toBe(1);
});
