import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type StackProject, sharedStack } from '@loguro/testing';
import { Workspace } from '../testing/workspace.js';

let stack: StackProject;
let loguro: Workspace;
beforeAll(async () => {
  stack = await sharedStack();
  loguro = Workspace.on(stack);
  await loguro.json(['datasets', 'create', 'Shop']);
  const fields = { country: 'string', amount: 'number?', plan: 'string?' };
  await loguro.json(['schema', 'register', 'shop', '-'], { stdin: JSON.stringify(fields) });
  const records = [
    { timestamp: '2026-06-01T10:00:00Z', country: 'RO', amount: 10 },
    { timestamp: '2026-06-01T11:30:00Z', country: 'RO', amount: 2.5, plan: 'pro' },
    { timestamp: '2026-06-01T13:00:00Z', country: 'DE', amount: 99, plan: 'pro', context: { a: 'x,y' } },
    { timestamp: '2026-06-02T10:00:00Z', country: '\u001b[31mRED', plan: 'free' },
  ];
  const stdin = records.map((record) => `${JSON.stringify(record)}\n`).join('');
  const { exitCode, stderr } = await loguro.run(['ingest', 'shop', '-', '--wait'], { stdin });
  if (exitCode !== 0) throw new Error(stderr);
}, 90_000);
afterAll(() => loguro?.remove());

const JUNE = ['--from', '2026-06-01', '--to', '2026-06-30'];
const query = (...args: string[]) => loguro.run(['query', 'shop', ...JUNE, ...args]);

describe('a query', () => {
  test('counts when nothing else is said, and tells what it looked at', async () => {
    const { exitCode, stdout, stderr } = await query();
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: 'count\n    4\n' });
    expect(stderr).toMatch(/^\n1 row from 2026-06-01T00:00:00Z to 2026-06-30T23:59:59.999999Z in \d+ ms\n$/);
    expect((await query('--quiet')).stderr).toBe('');
  });

  test('groups, filters, orders and limits by flags', async () => {
    const { stdout } = await query(
      ...['-g', 'country', '-s', 'country, count() as n, sum(amount) as total', '-w', 'plan is null'],
      ...['-o', '-total', '--having', 'n >= 1', '-n', '5'],
    );
    expect(stdout).toBe('country  n  total\nRO       1     10\n');
  });

  test('warns, also with --quiet, when rows are missing that nobody asked to leave out', async () => {
    const minutes = ['-g', 'minute(timestamp)', '--fill', '--from', '2026-06-01', '--to', '2026-06-01', '--quiet'];
    const cut = await query(...minutes, '--format', 'csv');
    expect(cut.stdout.trim().split('\n')).toHaveLength(1001);
    expect(cut.stderr).toMatch(/^Warning: only 1000 rows are here, and there are more: use --all\./);
    expect((await query(...minutes, '-n', '3')).stderr).toBe('');
    expect((await query('-g', 'country', '-n', '1')).stderr).toContain('; there are more');
  });

  test('prints CSV, NDJSON and JSON, and control characters in a table as text', async () => {
    const select = ['-s', 'country, amount, context', '-w', 'country != RO', '-o', 'timestamp'];
    expect((await query(...select)).stdout).toBe(
      'country        amount  context\nDE                 99  {"a":"x,y"}\n\\u001b[31mRED       –  {}\n',
    );
    expect((await query(...select, '--format', 'csv')).stdout).toBe(
      'country,amount,context\nDE,99,"{""a"":""x,y""}"\n\u001b[31mRED,,{}\n',
    );
    expect((await query(...select, '--format', 'ndjson')).stdout).toBe(
      '{"country":"DE","amount":99,"context":{"a":"x,y"}}\n{"country":"\\u001b[31mRED","amount":null,"context":{}}\n',
    );
    expect(JSON.parse((await query(...select, '--json')).stdout)).toMatchObject({ rowCount: 2, columns: [{}, {}, {}] });
  });

  test('streams all rows', async () => {
    const all = ['-s', 'timestamp, amount', '-o', 'timestamp', '--all'];
    expect((await query(...all, '--format', 'csv')).stdout.trim().split('\n')).toEqual([
      'timestamp,amount',
      '2026-06-01T10:00:00Z,10',
      '2026-06-01T11:30:00Z,2.5',
      '2026-06-01T13:00:00Z,99',
      '2026-06-02T10:00:00Z,',
    ]);
    expect((await query(...all, '--format', 'ndjson')).stdout.trim().split('\n')).toHaveLength(4);
    expect((await query(...all)).stderr).toContain('csv or ndjson only');
  });

  test('takes JSON from stdin or a file, with conditions that flags have no words for', async () => {
    const where = [
      {
        or: [
          { field: 'plan', op: '=', value: 'free' },
          { field: 'amount', op: '>', value: 50 },
        ],
      },
    ];
    const text = JSON.stringify({ select: [{ aggregate: 'count', as: 'n' }], where });
    loguro.write('query.json', text);
    expect((await query('--query', 'query.json', '--format', 'csv')).stdout).toBe('n\n2\n');
    const piped = await loguro.run(['query', 'shop', '--query', '-', ...JUNE, '--format', 'csv'], { stdin: text });
    expect(piped.stdout).toBe('n\n2\n');
    expect((await query('--query', 'query.json', '-g', 'plan')).stderr).toContain('Leave out: --group-by');
    expect((await loguro.run(['query', 'shop', '--query', '-'], { stdin: '{' })).stderr).toContain('is not JSON');
  });

  test('draws bars and lines', async () => {
    const bars = await query('-g', 'country', '-o', '-count', '--chart', 'bar', '-w', 'country in RO,DE');
    expect(bars.stdout).toMatch(/^RO ╢█+ 2\nDE ╢█+ 1\n/);
    const line = await query('-g', 'day(timestamp)', '--fill', '--to', '2026-06-03', '--chart', 'line');
    expect(line.stdout).toMatch(/3┤━+┓/);
    expect(line.stdout).toContain('2026-06-01');
    expect((await query('-s', 'country', '--chart', 'bar')).stderr).toContain('no column of numbers');
  });

  test('explains itself', async () => {
    const { stdout, stderr } = await query('-w', 'amount > 3', '--explain');
    expect(stdout).toContain('SELECT');
    expect(stderr).toContain('Parameters: ["3"');
    expect(JSON.parse((await query('--explain', '--json')).stdout)).toMatchObject({
      estimatedRows: expect.any(Number),
    });
  });

  test('that can not be answered points at the place', async () => {
    const ran = await query('-s', 'country, sum(amonut)', '-w', 'plan > 3');
    expect(ran.exitCode).toBe(2);
    expect(ran.stderr).toMatch(/select\[1\]\.field: .*did you mean "amount"/);
    expect(ran.stderr).toContain('loguro explain invalid_query');
  });
});
