import { chmodSync, statSync } from 'node:fs';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type StackProject, sharedStack } from '@loguro/testing';
import { isWellFormedPat } from '@loguro/types';
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

/** Nothing in the environment but addresses: credentials come from the file. */
const LOGGED_OUT = { LOGURO_TOKEN: undefined, LOGURO_PROJECT_KEY: undefined, LOGURO_PROJECT: undefined };
/** Not even addresses. */
const BARE = { ...LOGGED_OUT, LOGURO_API_URL: undefined, LOGURO_INGEST_URL: undefined };
const CREDENTIALS = 'config/credentials.json';

async function logIn(): Promise<void> {
  const { exitCode } = await loguro.run(['login', '--project', stack.project], { env: LOGGED_OUT, stdin: stack.pat });
  expect(exitCode).toBe(0);
}

describe('login', () => {
  test('checks a token from stdin, stores it for its owner alone, and the next command needs nothing else', async () => {
    const ran = await loguro.run(['login'], { env: LOGGED_OUT, stdin: `${stack.pat}\n` });
    expect(ran).toMatchObject({ exitCode: 0, stdout: '' });
    expect(ran.stderr).toContain(`as ${stack.email}`);
    expect(ran.stderr).toContain(`Commands work on the project ${stack.project}.`);
    expect(statSync(loguro.path(CREDENTIALS)).mode & 0o777).toBe(0o600);
    expect(statSync(loguro.path('config')).mode & 0o777).toBe(0o700);
    const me = await loguro.json<{ account: { email: string } }>(['whoami'], { env: BARE });
    expect(me.account.email).toBe(stack.email);
  });

  test('asks a person at a terminal, without the token being printed anywhere', async () => {
    const ran = await loguro.run(['login'], { env: LOGGED_OUT, answers: { secret: stack.pat } });
    expect(ran.exitCode).toBe(0);
    expect(ran.stdout + ran.stderr).not.toContain(stack.pat);
  });

  test('refuses what is no token, or one the server does not know, and stores nothing', async () => {
    const mistyped = `${stack.pat.slice(0, -1)}${stack.pat.endsWith('a') ? 'b' : 'a'}`;
    for (const [secret, sentence] of [
      ['', 'No personal access token was given.'],
      ['hello', 'This is not a personal access token'],
      [stack.projectKey, 'This is a project API key'],
      [mistyped, 'incomplete or mistyped'],
      ['pat_00000000000000000000000000000000000000', 'incomplete or mistyped'],
    ] as const) {
      const ran = await loguro.run(['login'], { env: LOGGED_OUT, stdin: secret });
      expect(ran.stderr).toContain(sentence);
      expect([2, 3]).toContain(ran.exitCode);
    }
    expect(() => loguro.read(CREDENTIALS)).toThrow('ENOENT');
  });

  test('takes over a local stack with its project key', async () => {
    const env = { ...BARE, LOGURO_DATA_DIR: stack.dataDir };
    expect((await loguro.run(['login', '--local'], { env })).exitCode).toBe(0);
    const stored = JSON.parse(loguro.read(CREDENTIALS)) as { profiles: Record<string, { projectKeys: object }> };
    expect(stored.profiles[stack.apiUrl]?.projectKeys).toEqual({ [stack.project]: stack.projectKey });
    expect((await loguro.json(['whoami'], { env: BARE })).apiUrl).toMatchObject({ value: stack.apiUrl });
  });

  test('a credentials file that others can read is not used', async () => {
    await logIn();
    chmodSync(loguro.path(CREDENTIALS), 0o644);
    const ran = await loguro.run(['whoami'], { env: BARE });
    expect(ran.exitCode).toBe(2);
    expect(ran.stderr).toContain('can be read by others (mode 644)');
    expect(ran.stderr).toContain('chmod 600');
  });

  test('a token is not sent to another control plane than the one it was stored for', async () => {
    await logIn();
    const ran = await loguro.run(['whoami', '--api-url', 'http://localhost:1'], { env: BARE });
    expect(ran.exitCode).toBe(3);
    expect(ran.stderr).toContain('You are not logged in to http://localhost:1.');
  });

  test('logout forgets', async () => {
    await logIn();
    expect((await loguro.run(['logout'], { env: BARE })).exitCode).toBe(0);
    expect((await loguro.run(['whoami'], { env: LOGGED_OUT })).exitCode).toBe(3);
    expect((await loguro.run(['logout', '--all'], { env: BARE })).exitCode).toBe(0);
    expect(() => loguro.read(CREDENTIALS)).toThrow('ENOENT');
  });
});

describe('projects', () => {
  test('are created, listed, shown, renamed, used and deleted', async () => {
    const { project } = await loguro.json<{ project: { slug: string } }>(['projects', 'create', 'Web Shop']);
    expect(project).toMatchObject({ slug: 'web-shop', role: 'owner' });
    const list = await loguro.run(['projects', 'list']);
    expect(list.stdout).toMatch(/^slug +name +role +createdAt\n/);
    expect(list.stdout).toMatch(/^web-shop +Web Shop +owner +\d{4}-/m);
    await loguro.run(['projects', 'rename', 'web-shop', 'Shop']);
    expect(await loguro.json(['projects', 'show', 'web-shop'])).toMatchObject({ project: { name: 'Shop' } });
    await logIn();
    expect((await loguro.run(['projects', 'use', 'web-shop'], { env: BARE })).exitCode).toBe(0);
    expect(await loguro.json(['whoami'], { env: BARE })).toMatchObject({ project: { value: 'web-shop' } });
    const unasked = await loguro.run(['projects', 'delete', 'web-shop']);
    expect(unasked).toMatchObject({ exitCode: 2 });
    expect(unasked.stderr).toContain('--yes');
    expect((await loguro.run(['projects', 'delete', 'web-shop', '--yes'])).exitCode).toBe(0);
    expect((await loguro.run(['projects', 'show', 'web-shop'])).exitCode).toBe(4);
  });

  test('with several, a command asks which one, and names them', async () => {
    await loguro.json(['projects', 'create', 'Second']);
    const ran = await loguro.run(['datasets', 'list'], { env: { LOGURO_PROJECT: undefined } });
    expect(ran.exitCode).toBe(2);
    expect(ran.stderr).toContain('Which project?');
    expect(ran.stderr).toContain(`${stack.project}, second`);
  });
});

describe('project keys', () => {
  test('a secret goes where it was said, and nothing is created when that was not said or can not be', async () => {
    const before = (await loguro.json<{ keys: unknown[] }>(['keys', 'list'])).keys.length;
    const nowhere = await loguro.run(['keys', 'create', 'nowhere']);
    expect(nowhere).toMatchObject({ exitCode: 2, stdout: '' });
    expect(nowhere.stderr).toContain('Say where the secret goes');
    loguro.write('taken.txt', 'mine');
    expect((await loguro.run(['keys', 'create', 'x', '--out', 'taken.txt'])).stderr).toContain('exists already');
    expect((await loguro.run(['keys', 'create', 'x', '--save'])).stderr).toContain('Log in first');
    expect((await loguro.json<{ keys: unknown[] }>(['keys', 'list'])).keys).toHaveLength(before);
    expect(loguro.read('taken.txt')).toBe('mine');

    const shown = await loguro.run(['keys', 'create', 'shown', '--show']);
    expect(shown.stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    const filed = await loguro.run(['keys', 'create', 'filed', '--out', 'key.txt']);
    expect(loguro.read('key.txt')).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    expect(statSync(loguro.path('key.txt')).mode & 0o777).toBe(0o600);
    expect(filed.stdout + filed.stderr).not.toContain(loguro.read('key.txt').trim());
  });

  test('are rotated, renamed and revoked', async () => {
    await logIn();
    const { key } = await loguro.json<{ key: { id: number } }>(
      ['keys', 'create', 'pages', '--kind', 'browser', '--origin', 'https://a.example', '--expires', '90d', '--save'],
      { env: { ...BARE } },
    );
    expect(key).toMatchObject({ kind: 'browser', allowedOrigins: ['https://a.example'] });
    const id = String(key.id);
    const edited = await loguro.json(['keys', 'edit', id, '--name', 'site', '--origin', 'https://b.example']);
    expect(edited).toMatchObject({ key: { name: 'site', allowedOrigins: ['https://b.example'] } });
    const rotated = await loguro.json<{ key: { id: number } }>(['keys', 'rotate', id, '--overlap', '10m', '--save'], {
      env: BARE,
    });
    expect(rotated.key.id).not.toBe(key.id);
    expect((await loguro.run(['keys', 'revoke', String(rotated.key.id), '--yes'])).exitCode).toBe(0);
    const list = await loguro.run(['keys', 'list']);
    expect(list.stdout).toMatch(new RegExp(`^ *${rotated.key.id} +site +browser +revoked`, 'm'));
    expect((await loguro.run(['keys', 'revoke', '999999', '--yes'])).exitCode).toBe(4);
    expect((await loguro.run(['keys', 'revoke', 'x', '--yes'])).exitCode).toBe(2);
  });

  test('one that exists is kept for later ingests', async () => {
    await logIn();
    expect((await loguro.run(['keys', 'use'], { env: BARE, stdin: stack.projectKey })).exitCode).toBe(0);
    expect((await loguro.run(['keys', 'use'], { env: BARE, stdin: stack.pat })).exitCode).toBe(3);
    expect(loguro.read(CREDENTIALS)).toContain(stack.projectKey);
  });
});

describe('tokens', () => {
  test('are created, rotated with the login following, and revoked', async () => {
    const created = await loguro.run(['tokens', 'create', 'ci', '--expires', '30d', '--show']);
    const secret = created.stdout.trim();
    expect(isWellFormedPat(secret)).toBe(true);
    await loguro.run(['login'], { env: LOGGED_OUT, stdin: secret });
    const rotated = await loguro.json<{ token: { id: number } }>(['tokens', 'rotate', '--save'], { env: BARE });
    expect(loguro.read(CREDENTIALS)).not.toContain(secret);
    expect((await loguro.run(['whoami'], { env: { ...BARE, LOGURO_TOKEN: secret } })).exitCode).toBe(3);
    expect((await loguro.run(['whoami'], { env: BARE })).exitCode).toBe(0);
    const list = await loguro.run(['tokens', 'list']);
    expect(list.stdout).toMatch(/^ *\d+ +ci +active/m);
    expect((await loguro.run(['tokens', 'revoke', String(rotated.token.id), '--yes'])).exitCode).toBe(0);
    const ran = await loguro.run(['whoami'], { env: BARE });
    expect(ran.exitCode).toBe(3);
    expect(ran.stderr).toContain('revoked_credential');
    expect(ran.stderr).toContain('loguro login');
  });
});

describe('members and the audit log', () => {
  test('the only owner can not leave, strangers are named as such, and changes are recorded', async () => {
    const list = await loguro.run(['members', 'list']);
    expect(list.stdout).toMatch(new RegExp(`${stack.email} +Demo +owner`));
    expect((await loguro.run(['members', 'remove', stack.email, '--yes'])).exitCode).toBe(5);
    expect((await loguro.run(['members', 'set-role', stack.email, 'viewer'])).exitCode).toBe(5);
    const near = await loguro.run(['members', 'remove', stack.email.replace('e', ''), '--yes']);
    expect(near.exitCode).toBe(4);
    expect(near.stderr).toContain(`Did you mean ${stack.email}?`);
    expect((await loguro.run(['members', 'add', 'nobody@example.com', 'viewer'])).exitCode).toBe(4);
    expect((await loguro.run(['members', 'add', 'nobody@example.com', 'admin'])).exitCode).toBe(2);
    const { events } = await loguro.json<{ events: { action: string }[] }>(['audit', '--limit', '500']);
    expect(events.map(({ action }) => action)).toContain('key.revoke');
    const two = await loguro.run(['audit', '--limit', '2', '--format', 'ndjson']);
    expect(two.stdout.trim().split('\n')).toHaveLength(2);
  });
});
