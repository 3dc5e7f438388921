import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Workspace } from '../testing/workspace.js';
import { SHELLS } from './scripts.js';

let loguro: Workspace;
beforeAll(() => {
  loguro = new Workspace();
});
afterAll(() => loguro.remove());

async function words(...typed: string[]): Promise<string[]> {
  const { stdout } = await loguro.run(['complete', 'bash', '--', ...typed]);
  return stdout.trimEnd().split('\n');
}

describe('completion', () => {
  test('offers commands, options with values, choices, and files where a file is due', async () => {
    expect(await words('sch')).toEqual(['words', 'schema']);
    expect(await words('schema', '')).toEqual(['words', 'register', 'show', 'infer', 'check', 'types', 'help']);
    expect(await words('query', 'orders', '--fo')).toEqual(['words', '--format']);
    expect(await words('query', 'orders', '--format', '')).toEqual(['words', 'table', 'json', 'ndjson', 'csv']);
    expect(await words('query', '--format', '=', 'n')).toEqual(['words', 'ndjson']);
    expect(await words('members', 'add', 'a@b.c', 'o')).toEqual(['words', 'owner']);
    expect(await words('ingest', 'orders', '')).toEqual(['files']);
    expect(await words('ingest', 'orders', 'x', '--rejects', '')).toEqual(['files']);
    expect(await words('--project', 'web', 'quer')).toEqual(['words', 'query']);
    expect(await words('nonsense', '')).toEqual(['words']);
  });

  test('offers nothing, quickly, where the service would have to be asked and nobody is logged in', async () => {
    expect(await words('query', '')).toEqual(['words']);
  });

  test.each(SHELLS)('there is a script for %s', async (shell) => {
    expect((await loguro.run(['completion', shell])).stdout).toContain(`loguro complete ${shell} -- `);
  });
});
