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

const FIELDS = { country: 'string', amount: 'number', plan: 'string?' };

describe('datasets', () => {
  test('are created, found by id, slug and name, edited and deleted', async () => {
    const created = await loguro.json<{ dataset: { id: number } }>([
      'datasets',
      'create',
      'Web Orders',
      '--description',
      'from the shop',
    ]);
    expect(created.dataset).toMatchObject({ slug: 'web-orders', status: 'pending_schema' });
    for (const reference of [String(created.dataset.id), 'web-orders', 'web orders']) {
      expect(await loguro.json(['datasets', 'show', reference])).toMatchObject({ dataset: { id: created.dataset.id } });
    }
    await loguro.json(['datasets', 'edit', 'web-orders', '--name', 'Orders on the web', '--description', '']);
    const list = await loguro.run(['datasets', 'list', '--format', 'csv']);
    expect(list.stdout).toContain('web-orders,Orders on the web,pending_schema,,\n');
    const near = await loguro.run(['datasets', 'show', 'web-order']);
    expect(near.exitCode).toBe(4);
    expect(near.stderr).toContain('Did you mean web-orders?');
    expect((await loguro.run(['datasets', 'delete', 'web-orders'], { answers: { confirm: false } })).exitCode).toBe(
      130,
    );
    expect((await loguro.run(['datasets', 'delete', 'web-orders'], { answers: { confirm: true } })).exitCode).toBe(0);
    expect((await loguro.run(['datasets', 'show', String(created.dataset.id)])).exitCode).toBe(4);
  });

  test('their names complete in the shell', async () => {
    await loguro.json(['datasets', 'create', 'Completed']);
    const ran = await loguro.run(['complete', 'fish', '--', 'query', 'comp']);
    expect(ran.stdout).toBe('words\ncompleted\tCompleted\n');
    expect(await loguro.run(['complete', 'bash', '--', 'datasets', 'list', '--project', ''])).toMatchObject({
      stdout: `words\n${stack.project}\n`,
    });
  });
});

describe('schemas', () => {
  test('are registered from a file or flags, shown, and printed as TypeScript', async () => {
    await loguro.json(['datasets', 'create', 'Orders of 2026']);
    loguro.write('schema.json', JSON.stringify({ fields: FIELDS }));
    const registered = await loguro.json(['schema', 'register', 'orders-of-2026', 'schema.json']);
    expect(registered).toMatchObject({ schema: { fields: FIELDS } });
    const again = ['schema', 'register', 'orders-of-2026', '--field', 'country:string'];
    const flags = ['--field', 'amount:number', '--field', 'plan:string?'];
    expect((await loguro.run([...again, ...flags])).exitCode).toBe(0);
    const other = await loguro.run(again);
    expect(other.exitCode).toBe(5);
    expect(other.stderr).toContain('schema_conflict');
    expect((await loguro.run(['schema', 'show', 'orders-of-2026'])).stdout).toBe(
      'field    type\ncountry  string\namount   number\nplan     string?\n',
    );
    const { stdout } = await loguro.run(['schema', 'types', 'orders-of-2026']);
    expect(stdout).toContain("export const ordersOf2026 = defineDataset({\n  country: 'string',");
    expect(stdout).toContain('export type OrdersOf2026Record = RecordOf<typeof ordersOf2026>;');
  });

  test('check tells a definition that differs, field by field, by its exit code', async () => {
    await loguro.json(['datasets', 'create', 'Checked']);
    const definition = JSON.stringify(FIELDS);
    await loguro.json(['schema', 'register', 'checked', '-'], { stdin: definition });
    expect(await loguro.run(['schema', 'check', 'checked', '-'], { stdin: definition })).toMatchObject({
      exitCode: 0,
      stdout: '',
    });
    const changed = JSON.stringify({ country: 'string', amount: 'string', extra: 'boolean' });
    const ran = await loguro.run(['schema', 'check', 'checked', '-'], { stdin: changed });
    expect(ran).toMatchObject({
      exitCode: 5,
      stdout:
        'field   definition  server\namount  string      number\nextra   boolean     –\nplan    –           string?\n',
    });
  });

  test('faults of a definition are all named, and nothing is sent', async () => {
    await loguro.json(['datasets', 'create', 'Faulty']);
    const ran = await loguro.run(['schema', 'register', 'faulty', '-'], { stdin: '{"a b":"string","n":"int"}' });
    expect(ran.exitCode).toBe(2);
    expect(ran.stderr).toContain('a b: must start with a letter');
    expect(ran.stderr).toContain('n: must be one of string, number, boolean, timestamp');
    expect((await loguro.run(['schema', 'register', 'faulty', '-'], { stdin: 'fields:' })).stderr).toContain(
      'is not JSON',
    );
    expect((await loguro.run(['schema', 'register', 'faulty'])).exitCode).toBe(2);
    expect((await loguro.run(['schema', 'register', 'faulty', 'no.json'])).stderr).toContain('does not exist');
    const none = await loguro.run(['schema', 'show', 'faulty']);
    expect(none.exitCode).toBe(4);
    expect(none.stderr).toContain('loguro schema register');
  });
});

describe('every failure', () => {
  test('is one JSON object on stderr with --json', async () => {
    const ran = await loguro.run(['datasets', 'show', '424242', '--json']);
    expect(ran.stdout).toBe('');
    expect(JSON.parse(ran.stderr)).toMatchObject({
      error: 'Dataset not found',
      code: 'dataset_not_found',
      exitCode: 4,
      requestId: expect.any(String),
      hints: expect.arrayContaining([expect.stringContaining('loguro datasets list')]),
    });
  });

  test('of an unknown project or a service that is away has its exit code', async () => {
    expect((await loguro.run(['datasets', 'list', '--project', 'nope'])).exitCode).toBe(4);
    const env = { LOGURO_TOKEN: 'pat_x' };
    const away = new AbortController();
    const ran = loguro.run(['whoami', '--api-url', 'http://localhost:9'], { env, signal: away.signal });
    away.abort();
    expect((await ran).exitCode).toBe(130);
    const swapped = await loguro.run(['datasets', 'list', '--api-url', stack.ingestUrl]);
    expect(swapped.exitCode).toBe(4);
    expect(swapped.stderr).toContain('may be swapped');
  });
});
