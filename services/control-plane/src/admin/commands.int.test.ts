import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { isWellFormedPat } from '@loguro/types';
import { startTestApi, type TestApi } from '../testing/test-api.js';
import { runCommand, sentenceOf } from './commands.js';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.stop());

const run = (...argv: string[]) => runCommand(argv, { LOGURO_DATABASE_URL: api.databases.controlUrl });

describe('create-account', () => {
  test('makes an account, a project and a token that works, and shows the token once', async () => {
    const result = await run('create-account', '--email', 'Me@Example.com', '--name', 'Me', '--project', 'My Shop');
    const created = result.json as { secret: string; project: { slug: string } };
    expect(isWellFormedPat(created.secret)).toBe(true);
    expect(result.text).toContain(created.secret);
    expect(result.text).toContain('me@example.com');
    const { body } = await api.call('listProjects', { as: created.secret, expect: 200 });
    expect(body.projects).toMatchObject([{ name: 'My Shop', slug: 'my-shop', role: 'owner' }]);
    const { events } = (
      await api.call('listAudit', { as: created.secret, params: { projectSlug: created.project.slug } })
    ).body;
    expect(events).toMatchObject([
      { action: 'project.create', actor: { accountId: null, email: null, tokenId: null } },
    ]);
  });

  test('refuses an address that is taken, in any case, and leaves nothing behind', async () => {
    await run('create-account', '--email', 'taken@example.com', '--name', 'A');
    const again = run('create-account', '--email', 'TAKEN@example.com', '--name', 'B', '--project', 'Left behind');
    await expect(again).rejects.toThrow(/taken@example.com exists already. Use create-token/);
    expect(await api.database.prisma.project.count({ where: { name: 'Left behind' } })).toBe(0);
  });

  test.each([
    [['--name', 'A'], /--email is needed/],
    [['--email', 'a@b'], /--name is needed/],
    [['--email', 'not an address', '--name', 'A'], /is not an e-mail address/],
    [['--email', 'a@b', '--name', ' '], /The account name can't be used/],
    [['--email', 'a@b', '--name', 'A', '--project', '\n'], /The project name can't be used/],
    [['--email', 'a@b', '--name', 'A', '--admin'], /--admin/],
  ])('refuses %j', async (args, sentence) => {
    await expect(run('create-account', ...args)).rejects.toThrow(sentence);
  });
});

describe('create-token', () => {
  test('gives an existing account another token', async () => {
    const someone = await api.account();
    const { json } = await run('create-token', '--email', someone.email, '--name', 'lost the other');
    const { body } = await api.call('readMe', { as: (json as { secret: string }).secret, expect: 200 });
    expect(body).toMatchObject({ account: { id: someone.id }, token: { name: 'lost the other' } });
  });

  test('refuses an address that nobody has', async () => {
    const nobody = run('create-token', '--email', 'nobody@example.com', '--name', 'x');
    await expect(nobody).rejects.toThrow(/There is no account with the address nobody@example.com/);
  });
});

test('an unknown command is a usage error', async () => {
  await expect(run('destroy')).rejects.toThrow('There is no command "destroy".');
});

test('a database that is away is told in a sentence, without a password', async () => {
  const env = { LOGURO_DATABASE_URL: 'postgres://loguro_control:hunter2@127.0.0.1:1/none' };
  const error = await runCommand(['create-token', '--email', 'a@b', '--name', 'x'], env).catch((thrown) => thrown);
  expect(sentenceOf(error)).toMatch(/database|reach/i);
  expect(sentenceOf(error)).not.toContain('hunter2');
});

test('missing variables are named all at once', async () => {
  await expect(runCommand(['migrate'], {})).rejects.toThrow(
    /LOGURO_MIGRATE_DATABASE_URL[\s\S]*LOGURO_CONTROL_PASSWORD[\s\S]*LOGURO_QUERY_PASSWORD[\s\S]*LOGURO_INGEST_PASSWORD/,
  );
});
