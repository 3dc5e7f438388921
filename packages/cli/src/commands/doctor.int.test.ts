import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type StackProject, sharedStack } from '@loguro/testing';
import { Workspace } from '../testing/workspace.js';

let stack: StackProject;
let loguro: Workspace;
beforeAll(async () => {
  stack = await sharedStack();
}, 90_000);
beforeEach(() => {
  loguro = Workspace.on(stack);
});
afterEach(() => loguro.remove());

type Report = { healthy: boolean; checks: { name: string; status: string; message: string; hints?: string[] }[] };

async function examine(env: Record<string, string | undefined>, ...args: string[]) {
  const { exitCode, stdout } = await loguro.run(['doctor', '--json', ...args], { env });
  const { healthy, checks } = JSON.parse(stdout) as Report;
  expect(healthy).toBe(exitCode === 0);
  return { exitCode, check: (name: string) => checks.find((one) => one.name === name) };
}

describe('doctor', () => {
  test('finds a working set-up healthy, having written a record and read it back, and leaves nothing behind', async () => {
    const { exitCode, stdout } = await loguro.run(['doctor']);
    expect(exitCode).toBe(0);
    for (const name of ['control plane', 'ingest', 'clock', 'token', 'project', 'project key', 'round trip']) {
      expect(stdout).toContain(`✓ ${name}: `);
    }
    expect(stdout).toMatch(/wrote a record and read it back in \d+ ms/);
    expect(stdout).not.toContain(stack.pat);
    const { datasets } = await loguro.json<{ datasets: { name: string }[] }>(['datasets', 'list']);
    expect(datasets.filter(({ name }) => name.includes('doctor'))).toEqual([]);
  });

  test('tells swapped addresses from foreign ones and from none', async () => {
    const swapped = await examine({ LOGURO_API_URL: stack.ingestUrl, LOGURO_INGEST_URL: stack.apiUrl });
    expect(swapped.exitCode).toBe(8);
    expect(swapped.check('control plane')?.hints?.[0]).toContain('swapped');
    expect(swapped.check('ingest')?.hints?.[0]).toContain('swapped');
    expect(swapped.check('round trip')).toMatchObject({ status: 'skipped' });
    const stranger = await listen((_request, response) => response.end('<html>'));
    const foreign = await examine({ LOGURO_API_URL: stranger.url });
    await stranger.close();
    expect(foreign.check('control plane')?.message).toContain('200, not in the way of this API');
    const none = await examine({ LOGURO_API_URL: stranger.url });
    expect(none.check('control plane')?.message).toContain("can't be reached");
  });

  test('sees a clock that is wrong', async () => {
    const ahead = () => Date.now() + 120_000;
    const { stdout, exitCode } = await loguro.run(['doctor', '--json', '--no-write'], { now: ahead });
    expect(exitCode).toBe(8);
    const { checks } = JSON.parse(stdout) as Report;
    expect(checks.find(({ name }) => name === 'clock')?.message).toMatch(
      /this machine is 1(19|20) s ahead of the service/,
    );
  });

  test('knows a credential of the wrong kind, a mistyped one and a missing one', async () => {
    const wrong = await examine({ LOGURO_TOKEN: stack.projectKey, LOGURO_PROJECT_KEY: stack.pat });
    expect(wrong.check('token')?.message).toContain('is a project API key');
    expect(wrong.check('project key')?.message).toContain('is a personal access token');
    const typo = await examine({ LOGURO_TOKEN: `${stack.pat}x`, LOGURO_PROJECT_KEY: undefined });
    expect(typo.check('token')?.message).toContain('mistyped or cut off');
    expect(typo.check('project key')).toMatchObject({ status: 'warning' });
    const forged = `${stack.projectKey.slice(0, -4)}AAAA`;
    const unverified = await examine({ LOGURO_PROJECT_KEY: forged });
    expect(unverified.check('round trip')).toMatchObject({ status: 'failed' });
    const nobody = await examine({ LOGURO_TOKEN: undefined, LOGURO_PROJECT: undefined });
    expect(nobody.check('token')?.hints).toContain('Log in: loguro login');
  });

  test('warns of a token that expires soon, and of a project that is not there', async () => {
    const { stdout } = await loguro.run(['tokens', 'create', 'soon', '--expires', '2d', '--show']);
    const soon = await examine({ LOGURO_TOKEN: stdout.trim(), LOGURO_PROJECT: 'nope' }, '--no-write');
    expect(soon.check('token')).toMatchObject({ status: 'warning', message: expect.stringContaining('expires at') });
    expect(soon.check('project')).toMatchObject({ status: 'failed' });
  });
});

async function listen(answer: Parameters<typeof createServer>[1]): Promise<{ url: string; close(): Promise<void> }> {
  const server: Server = createServer(answer as never);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url, close };
}
