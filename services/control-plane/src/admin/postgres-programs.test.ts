import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { findProgram, ProgramError, runProgram } from './postgres-programs.js';

const folder = mkdtempSync(join(tmpdir(), 'loguro-programs-'));
/** Versions that no machine has, so that what it has is never the best choice. */
const VERSIONS = [201, 203, 205];

beforeAll(() => {
  for (const version of VERSIONS) {
    mkdirSync(join(folder, String(version)));
    for (const program of ['pg_dump', 'pg_restore']) {
      const words = `echo "${program} (PostgreSQL) ${version}.4 (Debian ${version}.4-1)"`;
      writeFileSync(join(folder, String(version), program), `#!/bin/sh\n${words}\n`, { mode: 0o755 });
    }
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

const inFolder = (version: number, program: string) => join(folder, String(version), program);
const path = VERSIONS.map((version) => join(folder, String(version))).join(delimiter);

test.each([
  ['pg_dump', 203, 203],
  ['pg_dump', 202, 203],
  ['pg_restore', 203, 203],
  ['pg_restore', 204, 203],
  ['pg_restore', 206, 205],
] as const)('%s for a server of version %d is that of version %d', (program, serverMajor, chosen) => {
  expect(findProgram(program, { serverMajor, path })).toBe(inFolder(chosen, program));
});

test('a folder that is named is the only one looked at', () => {
  const only = { folder: join(folder, '205'), path };
  expect(findProgram('pg_dump', { serverMajor: 201, ...only })).toBe(inFolder(205, 'pg_dump'));
  expect(() => findProgram('pg_dump', { serverMajor: 206, ...only })).toThrow(
    /^The server is PostgreSQL 206, which needs pg_dump of that version or newer, and only 205 was found\. Install .*postgresql-client-206, .* image postgres:206 \(docs\/operations\/loguro-admin\.md#without-client-programs\)\.$/,
  );
  expect(() => findProgram('pg_restore', { serverMajor: 15, folder, path })).toThrow(/ and none was found\. /);
});

test('each version is named once, however often it was found', () => {
  const twice = `${path}${delimiter}${path}`;
  expect(() => findProgram('pg_dump', { serverMajor: 999, path: twice })).toThrow(
    /only 201, 203, 205(, \d+)* was found/,
  );
});

test('a program that fails is told of in its own words', async () => {
  const failing = join(folder, 'failing');
  writeFileSync(failing, '#!/bin/sh\necho "pg_dump: error: no such thing" >&2\nexit 3\n', { mode: 0o755 });
  const error = await runProgram(failing, []).catch((thrown) => thrown);
  expect(error).toBeInstanceOf(ProgramError);
  expect([error.message, error.words]).toEqual(['pg_dump: error: no such thing', 'no such thing']);
});
