import { gzipSync } from 'node:zlib';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type StackProject, sharedStack } from '@loguro/testing';
import { ALWAYS, at, countOf, createDataset, FIELDS, ndjson } from '../testing/datasets.js';
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

const dataset = (slug: string, fields?: Record<string, string>) => createDataset(loguro, slug, fields);
const count = (slug: string) => countOf(loguro, slug);

async function rowsOf(slug: string, ...select: string[]): Promise<Record<string, unknown>[]> {
  const args = ['query', slug, '--select', select.join(','), '--order-by', 'timestamp', ...ALWAYS, '--limit', '1000'];
  return (await loguro.json<{ rows: Record<string, unknown>[] }>(args)).rows;
}

describe('what is stored', () => {
  test('the cells of a CSV file, as the types of their fields', async () => {
    await dataset('typed');
    loguro.write(
      'typed.csv',
      'timestamp,country,amount,plan,active,at,context\n' +
        '2026-06-01T00:00:00Z,"R,""O""\n",1.50,,yes,2026-05-01T00:00:00+02:00,"{""k"":[1]}"\n' +
        '2026-06-01T00:00:01.123456Z,,-2e3,NA,F,,\n',
    );
    const ran = await loguro.run([
      'ingest',
      'typed',
      'typed.csv',
      '--null',
      'NA',
      '--context',
      '{"source":"csv"}',
      '--wait',
    ]);
    expect(ran).toMatchObject({ exitCode: 0 });
    expect(await rowsOf('typed', 'timestamp', ...Object.keys(FIELDS), 'context')).toEqual([
      {
        timestamp: '2026-06-01T00:00:00Z',
        country: 'R,"O"\n',
        amount: 1.5,
        plan: null,
        active: true,
        at: '2026-04-30T22:00:00Z',
        context: { source: 'csv', k: [1] },
      },
      {
        timestamp: '2026-06-01T00:00:01.123456Z',
        country: '',
        amount: -2000,
        plan: null,
        active: false,
        at: null,
        context: { source: 'csv' },
      },
    ]);
  });

  test('the objects of an NDJSON stream, gzipped, from stdin, with times in another form', async () => {
    await dataset('piped');
    const line = JSON.stringify({ ts: 1780272000.25, country: 'RO', amount: 1, at: 1780272000, extra: { deep: true } });
    const flags = ['--timestamp-column', 'ts', '--time-format', 'epoch-s', '--extra', 'context', '--wait'];
    const ran = await loguro.run(['ingest', 'piped', '-', ...flags], { stdin: gzipSync(`${line}\n`) });
    expect(ran).toMatchObject({ exitCode: 0 });
    expect(await rowsOf('piped', 'timestamp', 'at', 'context')).toEqual([
      { timestamp: '2026-06-01T00:00:00.25Z', at: '2026-06-01T00:00:00Z', context: { extra: { deep: true } } },
    ]);
  });

  test('all with one timestamp, when the file has none', async () => {
    await dataset('untimed');
    const stdin = 'country;amount\nRO;1\nDE;2\n';
    const ran = await loguro.run(['ingest', 'untimed', '-', '--timestamp', '2026-06-01T10:00:00Z', '--wait'], {
      stdin,
    });
    expect(ran).toMatchObject({ exitCode: 0 });
    expect(await rowsOf('untimed', 'timestamp', 'amount')).toHaveLength(2);
  });

  test('from a machine that has only a project key and the definition', async () => {
    const id = await dataset('sender');
    loguro.write('schema.json', JSON.stringify(FIELDS));
    const env = { LOGURO_TOKEN: undefined };
    const csv = `timestamp,country,amount\n${at(0)},RO,1\n`;
    const bare = await loguro.run(['ingest', 'sender', '-'], { env, stdin: csv });
    expect(bare.stderr).toContain("can't be looked up by name");
    const untyped = await loguro.run(['ingest', String(id), '-'], { env, stdin: csv });
    expect(untyped.stderr).toContain('CSV says nothing about types');
    const typed = await loguro.run(['ingest', String(id), '-', '--schema', 'schema.json', '--wait'], {
      env,
      stdin: csv,
    });
    expect(typed).toMatchObject({ exitCode: 0 });
    expect(await count('sender')).toBe(1);
  });
});

describe('what is not', () => {
  test('bad records stand in the rejects file with line, reasons and text; the good ones are stored', async () => {
    await dataset('mixed');
    const lines = [
      'timestamp,country,amount,plan',
      `${at(0)},RO,1,pro`,
      `${at(1)},RO,much,pro`,
      `${at(2)},RO`,
      'yesterday,RO,x,',
      `${at(3)},"R"O,1,`,
      `${at(4)},DE,2,`,
    ];
    loguro.write('mixed.csv', Buffer.concat([Buffer.from(`${lines.join('\n')}\n`), Buffer.from([0x61, 0xff, 0x0a])]));
    const ran = await loguro.run(['ingest', 'mixed', 'mixed.csv', '--wait', '--json']);
    expect(ran.exitCode).toBe(6);
    expect(JSON.parse(ran.stdout)).toMatchObject({ accepted: 2, rejected: 5, stored: true });
    const rejects = loguro
      .read('mixed.csv.rejects.ndjson')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(rejects).toEqual([
      { line: 3, reasons: ['amount: must be a number, got the string "much"'], raw: lines[2] },
      { line: 4, reasons: ['has 2 columns, the header has 4'], raw: lines[3] },
      {
        line: 5,
        reasons: [
          expect.stringContaining('timestamp: must be an RFC 3339 timestamp'),
          'amount: must be a number, got the string "x"',
        ],
        raw: lines[4],
      },
      { line: 6, reasons: [expect.stringContaining('a quote where none may stand')], raw: lines[5] },
      { line: 8, reasons: ['is not valid UTF-8'], raw: 'a\ufffd' },
    ]);
    expect(await count('mixed')).toBe(2);
  });

  test('what only the server can refuse is rejected as well, and the rest of its batch stored', async () => {
    const id = await dataset('server-side');
    const good = ndjson(0, 150).split('\n');
    const bad = Array.from({ length: 130 }, () => `{"timestamp":"${at(5)}","country":"RO"}`);
    loguro.write('mixed.ndjson', `${good.slice(0, 40).join('\n')}\n${bad.join('\n')}\n${good.slice(40).join('\n')}`);
    const env = { LOGURO_TOKEN: undefined };
    const ran = await loguro.run(['ingest', String(id), 'mixed.ndjson', '--wait'], { env });
    expect(ran.exitCode).toBe(6);
    expect(loguro.read('mixed.ndjson.rejects.ndjson').trim().split('\n')).toHaveLength(130);
    expect(await count('server-side')).toBe(150);
  });

  test('a header that does not fit stops before anything is sent, and says how to go on', async () => {
    await dataset('header');
    const run = (stdin: string, ...flags: string[]) => loguro.run(['ingest', 'header', '-', ...flags], { stdin });
    const extra = await run(`timestamp,country,amuont\n${at(0)},RO,1\n`);
    expect(extra).toMatchObject({ exitCode: 2 });
    expect(extra.stderr).toContain('has no column for "amount"');
    const unknown = await run(`timestamp,country,amount,plna\n${at(0)},RO,1,x\n`);
    expect(unknown.stderr).toContain('Did you mean plan by "plna"?');
    expect(unknown.stderr).toContain('--ignore plna');
    expect((await run(`when,country,amount\n${at(0)},RO,1\n`)).stderr).toContain('--timestamp-column');
    expect((await run('a,a\n1,2\n')).stderr).toContain('Two columns of stdin are named "a"');
    expect((await run('[{"a":1}]')).stderr).toContain("jq -c '.[]'");
    expect((await run('')).stderr).toContain('stdin is empty');
    expect((await run('x', '--context', '[]')).stderr).toContain('--context is not a JSON object');
    expect(await count('header')).toBe(0);
    const dropped = await run(`timestamp,country,amount,plna\n${at(0)},RO,1,x\n`, '--extra', 'drop', '--wait');
    expect(dropped.exitCode).toBe(0);
  });

  test('a dry run sends nothing and shows what would be rejected', async () => {
    await dataset('dry');
    const stdin = `${ndjson(0, 3)}{"timestamp":"${at(9)}","country":1,"amount":1}\n`;
    const ran = await loguro.run(['ingest', 'dry', '-', '--dry-run'], { stdin });
    expect(ran.exitCode).toBe(6);
    expect(ran.stdout).toMatch(/^ *4 +country: must be a string/m);
    expect(ran.stderr).toContain('3 good, 1 bad; nothing was sent.');
    expect(await count('dry')).toBe(0);
  });

  test('too many rejects stop the run, which goes on when told to', async () => {
    await dataset('hopeless');
    loguro.write('bad.ndjson', `${'nonsense\n'.repeat(30)}${ndjson(0, 5)}`);
    const flags = ['--max-rejects', '10', '--batch-size', '10', '--concurrency', '1'];
    const stopped = await loguro.run(['ingest', 'hopeless', 'bad.ndjson', ...flags]);
    expect(stopped.exitCode).toBe(6);
    expect(stopped.stderr).toContain('Stopped: 0 records are accepted and 20 rejected');
    const on = await loguro.run([
      'ingest',
      'hopeless',
      'bad.ndjson',
      '--max-rejects',
      '0',
      '--wait',
      '--batch-size',
      '10',
    ]);
    expect(on.exitCode).toBe(6);
    expect(loguro.read('bad.ndjson.rejects.ndjson').trim().split('\n')).toHaveLength(30);
    expect(await count('hopeless')).toBe(5);
  });
});
