import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type StackProject, sharedStack } from '@loguro/testing';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { LOGURO } from '../testing/spawn-loguro.js';
import { Workspace } from '../testing/workspace.js';

/** The official inspector's command line, one process per call. */
const INSPECTOR = createRequire(import.meta.url).resolve('@modelcontextprotocol/inspector-cli/build/cli.js');

let stack: StackProject;
let loguro: Workspace;
beforeAll(async () => {
  stack = await sharedStack();
  loguro = Workspace.on(stack);
  await loguro.json(['datasets', 'create', 'Shop', '--description', 'from the shop']);
  const fields = { country: 'string', amount: 'number', note: 'string?' };
  await loguro.json(['schema', 'register', 'shop', '-'], { stdin: JSON.stringify(fields) });
  const stdin = Array.from({ length: 300 }, (_, i) => {
    const record = {
      timestamp: new Date(Date.now() - i * 1000).toISOString(),
      country: i % 3 ? 'RO' : 'DE',
      amount: i,
    };
    return `${JSON.stringify(i % 2 ? record : { ...record, note: 'n'.repeat(1000) })}\n`;
  }).join('');
  const { exitCode, stderr } = await loguro.run(['ingest', 'shop', '-', '--wait'], { stdin });
  if (exitCode !== 0) throw new Error(stderr);
}, 90_000);
afterAll(() => loguro?.remove());

interface Inspected {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs `inspector --cli loguro mcp …`. */
function inspect(server: readonly string[], method: readonly string[]): Promise<Inspected> {
  const args = [INSPECTOR, '--cli', process.execPath, LOGURO, 'mcp', ...server, '--method', ...method];
  const child = spawn(process.execPath, args, {
    // It looks for its own package.json one folder above the current one.
    cwd: dirname(INSPECTOR),
    env: { ...process.env, ...loguro.env, NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })));
}

interface Answer {
  isError?: boolean;
  content: { type: string; text: string }[];
}

interface Tool {
  name: string;
  annotations: object;
  inputSchema: { properties?: Record<string, unknown>; $defs?: Record<string, unknown> };
}

/** An answer of run_query. */
interface Cut {
  rows: unknown[];
  rowCount: number;
  omitted: number;
  note: string;
}

async function inspectTools(...server: string[]): Promise<Tool[]> {
  const { stdout, stderr, code } = await inspect(server, ['tools/list']);
  if (code !== 0) throw new Error(stderr);
  return (JSON.parse(stdout) as { tools: Tool[] }).tools;
}

/** Calls a tool with the inspector; arguments that are no strings are passed as JSON. */
async function inspectCall(name: string, args: Record<string, unknown>): Promise<unknown> {
  const flags = Object.entries(args).flatMap(([key, value]) => [
    '--tool-arg',
    `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  ]);
  const { stdout, stderr, code } = await inspect([], ['tools/call', '--tool-name', name, ...flags]);
  if (code !== 0) throw new Error(stderr);
  return read(JSON.parse(stdout) as Answer).answer;
}

function read({ isError = false, content }: Answer) {
  expect(content).toHaveLength(1);
  const text = content[0]?.text ?? '';
  return { isError, text, answer: JSON.parse(text) as unknown };
}

const TOOLS = ['list_projects', 'list_datasets', 'describe_dataset', 'run_query', 'explain_error'];

describe('with the official inspector as the client', () => {
  test('the tools only read, and run_query takes what the service itself takes', async () => {
    const tools = await inspectTools();
    expect(tools.map(({ name }) => name)).toEqual(TOOLS);
    for (const { annotations } of tools) expect(annotations).toMatchObject({ readOnlyHint: true });
    const schema = tools.find(({ name }) => name === 'run_query')?.inputSchema;
    expect(schema?.properties?.query).toMatchObject({ $ref: '#/$defs/Query' });
    expect(Object.keys(schema?.$defs ?? {})).toEqual(['Query', 'QueryCondition', 'QueryHaving']);
    const keys = ['range', 'select', 'where', 'groupBy', 'having', 'fill'];
    for (const key of keys) expect(schema?.$defs?.Query).toHaveProperty(['properties', key]);
    expect(JSON.stringify(schema)).not.toContain('"$id"');
  }, 60_000);

  test('writing has to be allowed', async () => {
    const tools = await inspectTools('--allow-write');
    expect(tools.map(({ name }) => name)).toEqual([...TOOLS, 'create_dataset', 'register_schema', 'send_records']);
    const refused = await inspect([], ['tools/call', '--tool-name', 'create_dataset', '--tool-arg', 'name=x']);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('There is no tool create_dataset');
  }, 120_000);

  test('a query passed as its JSON is answered', async () => {
    const query = {
      select: [{ field: 'country' }, { aggregate: 'count', as: 'n' }],
      groupBy: ['country'],
      orderBy: [{ field: 'n' }],
    };
    expect(await inspectCall('run_query', { dataset: 'shop', project: stack.project, query })).toMatchObject({
      rows: [
        { country: 'DE', n: 100 },
        { country: 'RO', n: 200 },
      ],
    });
  }, 60_000);
});

describe('in one conversation', () => {
  let client: Client;
  beforeAll(async () => {
    client = new Client({ name: 'test', version: '1' });
    const env = { PATH: process.env.PATH ?? '', ...loguro.env };
    const args = [LOGURO, 'mcp', '--allow-write'];
    await client.connect(new StdioClientTransport({ command: process.execPath, args, env }));
  }, 60_000);
  afterAll(() => client?.close(), 60_000);

  const call = async (name: string, args: Record<string, unknown>) =>
    read((await client.callTool({ name, arguments: args })) as Answer);

  test('it goes from projects to datasets to sample values, and to what an error means', async () => {
    expect((await call('list_projects', {})).answer).toEqual({
      projects: [{ slug: stack.project, name: stack.project, role: 'owner' }],
    });
    expect((await call('list_datasets', {})).answer).toMatchObject({
      project: stack.project,
      datasets: expect.arrayContaining([expect.objectContaining({ slug: 'shop', description: 'from the shop' })]),
    });
    expect((await call('describe_dataset', { dataset: 'shop' })).answer).toMatchObject({
      recordsLast7Days: 300,
      fields: [
        { name: 'timestamp', type: 'timestamp' },
        { name: 'context', type: 'object', samples: [{}] },
        { name: 'country', type: 'string', samples: expect.arrayContaining(['RO', 'DE']) },
        { name: 'amount', type: 'number', samples: [0, 1, 2, 3, 4] },
        { name: 'note', type: 'string?', samples: [`${'n'.repeat(400)}… (1000 characters)`], nullShare: 0.5 },
      ],
    });
    expect((await call('explain_error', { code: 'schema_conflict' })).answer).toMatchObject({
      status: 409,
      text: expect.stringContaining('## What to do'),
    });
  });

  test('an answer is cut to fit, and says so', async () => {
    const query = { select: [{ field: 'note' }, { field: 'amount' }], limit: 1000 };
    const { text, answer } = await call('run_query', { dataset: 'shop', query });
    expect(text.length).toBeLessThan(25_000);
    const { rows, omitted, rowCount, note } = answer as Cut;
    expect(rowCount).toBe(300);
    expect(rows.length + omitted).toBe(300);
    expect(omitted).toBeGreaterThan(100);
    expect(note).toContain('Aggregate');
    const few = await call('run_query', { dataset: 'shop', query: { select: [{ field: 'amount' }] } });
    expect(few.answer).toMatchObject({ rowCount: 50, nextCursor: expect.any(String) });
  });

  test('what went wrong is an answer that says what to do', async () => {
    const query = { where: [{ field: 'amuont', op: '>', value: 1 }] };
    const unknown = await call('run_query', { dataset: 'shop', query });
    expect(unknown).toMatchObject({ isError: true, answer: { code: 'invalid_query' } });
    expect(unknown.text).toContain('did you mean');
    const shape = await call('run_query', { dataset: 'shop', query: { selct: [] } });
    expect(shape).toMatchObject({ isError: true });
    expect(shape.text).toContain('query.selct is not a known property');
    const nowhere = await call('describe_dataset', { dataset: 'shopp' });
    expect(nowhere.text).toContain('Did you mean shop?');
    expect((await call('explain_error', { code: 'nope' })).isError).toBe(true);
  });

  test('a dataset is created, its schema registered, and records stored that can be read at once', async () => {
    expect((await call('create_dataset', { name: 'Made by a model' })).answer).toMatchObject({
      dataset: { slug: 'made-by-a-model' },
    });
    const dataset = 'made-by-a-model';
    const wrong = await call('register_schema', { dataset, fields: { timestamp: 'string' } });
    expect(wrong).toMatchObject({ isError: true, answer: { code: 'invalid_schema' } });
    expect((await call('register_schema', { dataset, fields: { city: 'string' } })).isError).toBe(false);
    const records = [{ timestamp: new Date().toISOString(), context: {}, city: 'Cluj' }];
    expect((await call('send_records', { dataset, records })).answer).toMatchObject({ status: 'stored', count: 1 });
    expect((await call('run_query', { dataset, query: {} })).answer).toMatchObject({ rows: [{ count: 1 }] });
    const bad = await call('send_records', { dataset, records: [{ city: 1 }] });
    expect(bad).toMatchObject({ isError: true, answer: { code: 'invalid_record' } });
  });
});
