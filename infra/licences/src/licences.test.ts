import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

const script = fileURLToPath(new URL('../bin/licences.mjs', import.meta.url));
const page = readFileSync(new URL('../../../docs/licences.md', import.meta.url), 'utf8');

test('the licence of everything we ship is allowed, and listed in docs/licences.md as it is now', () => {
  expect(execFileSync(process.execPath, [script], { encoding: 'utf8' })).toBe(page);
  expect(page.split('\n').length).toBeGreaterThan(100);
});
