import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { RejectsFile } from './rejects-file.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'loguro-rejects-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const REJECT = { line: 2, reasons: ['no'], raw: 'ä' };
const LINE = `${JSON.stringify(REJECT)}\n`;

async function append(path: string, bytes: number): Promise<number> {
  const file = new RejectsFile(path, bytes);
  await file.append([REJECT]).finally(() => file.close());
  return file.bytes;
}

test('goes on behind what is settled, and begins again where the file was removed or emptied', async () => {
  const path = join(folder, 'a.ndjson');
  writeFileSync(path, `${LINE}written, not settled`);
  expect(await append(path, Buffer.byteLength(LINE))).toBe(2 * Buffer.byteLength(LINE));
  expect(readFileSync(path, 'utf8')).toBe(LINE + LINE);
  rmSync(path);
  expect(await append(path, 500)).toBe(Buffer.byteLength(LINE));
  expect(readFileSync(path, 'utf8')).toBe(LINE);
  writeFileSync(path, '');
  await append(path, 500);
  expect(readFileSync(path, 'utf8')).toBe(LINE);
});

test('may be a device', async () => {
  await append('/dev/null', 0);
  await expect(append('/dev/full', 0)).rejects.toThrow("Rejects can't be written to /dev/full (ENOSPC)");
});
