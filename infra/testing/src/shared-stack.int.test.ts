import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { isAlive, waitFor } from '@loguro/servers';
import { testSetting } from './config.js';
import { oncePerRun } from './once-per-run.js';
import { createRunFolder, removeRunFolder, runningServers } from './run-folder.js';
import type { StackProject } from './run-stack.js';
import { sharedStack } from './shared-stack.js';
import { offerStack } from './stack-offer.js';

const postgresUrl = testSetting('postgresUrl');

async function projectsOf({ apiUrl, pat }: StackProject): Promise<unknown[]> {
  const { port } = new URL(apiUrl);
  const headers = { authorization: `Bearer ${pat}` };
  const answer = await fetch(`http://127.0.0.1:${port}/api/projects`, { headers });
  return ((await answer.json()) as { projects: unknown[] }).projects;
}

test('all who ask share one stack, each with an account that sees one project, its own', async () => {
  const [one, other] = await Promise.all([sharedStack(), sharedStack()]);
  expect(one.apiUrl).toBe(other.apiUrl);
  expect(one.project).not.toBe(other.project);
  for (const stack of [one, other]) {
    expect(await projectsOf(stack)).toMatchObject([{ slug: stack.project, name: stack.project, role: 'owner' }]);
    const { apiUrl, ingestUrl, project, pat, projectKey } = stack;
    const local = JSON.parse(readFileSync(join(stack.dataDir, 'local.json'), 'utf8'));
    expect(local).toEqual({ apiUrl, ingestUrl, project, pat, projectKey });
  }
}, 90_000);

test('a start that fails tells everyone who asks why, in the words of the process', async () => {
  const runFolder = createRunFolder();
  const offer = await offerStack({ runFolder, postgresUrl, env: { LOGURO_LOG_LEVEL: 'loud' } });
  const ask = async () => {
    const answer = await fetch(offer.url, { method: 'POST', body: '{}' });
    return { status: answer.status, text: await answer.text() };
  };
  const failed = { status: 500, text: expect.stringContaining('LOGURO_LOG_LEVEL') };
  try {
    expect(await Promise.all([ask(), ask()])).toEqual([failed, failed]);
    expect(await ask()).toEqual(failed);
  } finally {
    await offer.close();
    await removeRunFolder(runFolder);
  }
}, 90_000);

test('a slug that a page names is given once', async () => {
  expect(await sharedStack({ project: 'named' })).toMatchObject({ project: 'named' });
  await expect(sharedStack({ project: 'named' })).rejects.toThrow('Two test files want the project "named"');
});

test('a run that ends while its stack starts leaves nothing behind, and knows its processes from the beginning', async () => {
  const runFolder = createRunFolder();
  const offer = await offerStack({ runFolder, postgresUrl });
  try {
    const answer = fetch(offer.url, { method: 'POST', body: '{}' }).then(
      ({ status }) => status,
      () => 'cut off',
    );
    // Where the next run looks for what a killed one left.
    const four = () => (runningServers(runFolder).length === 4 ? runningServers(runFolder) : undefined);
    const processes = await waitFor(four, { what: 'the processes of the stack' });
    expect(await offer.close()).toEqual([]);
    expect([500, 'cut off']).toContain(await answer);
    expect(processes.filter(isAlive)).toEqual([]);
  } finally {
    await offer.close();
    await removeRunFolder(runFolder);
  }
}, 90_000);

test('what is made once per run is made by one of those who ask, and its failure is everyone’s', async () => {
  let made = 0;
  const make = async () => ({ number: ++made });
  const name = `number-${process.pid}`;
  expect(await Promise.all([oncePerRun(name, { make }), oncePerRun(name, { make })])).toEqual([
    { number: 1 },
    { number: 1 },
  ]);
  const fail = () => Promise.reject(new Error('there is no wood'));
  const asks = [1, 2].map(() => oncePerRun(`fire-${process.pid}`, { make: fail }));
  for (const ask of asks) await expect(ask).rejects.toThrow('there is no wood');
});
