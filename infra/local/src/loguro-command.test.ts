import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

const COMMAND = fileURLToPath(new URL('../bin/loguro.mjs', import.meta.url));
const CHECKOUT = fileURLToPath(new URL('../../..', import.meta.url));

test('the command line of a checkout reads files from the folder it is called in', () => {
  const caller = mkdtempSync(join(tmpdir(), 'loguro-test-'));
  try {
    writeFileSync(join(caller, 'orders.csv'), 'country,amount\nRO,42.5\n');
    // As pnpm starts a script of the workspace: in its root, with the caller's folder in a variable.
    const output = execFileSync(process.execPath, [COMMAND, 'schema', 'infer', 'orders.csv', '--json'], {
      cwd: CHECKOUT,
      env: { ...process.env, INIT_CWD: caller },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    expect(JSON.parse(output)).toMatchObject({ fields: { country: 'string', amount: 'number' } });
  } finally {
    rmSync(caller, { recursive: true, force: true });
  }
});
