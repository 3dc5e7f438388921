import { rmSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type StackProject, sharedStack } from '@loguro/testing';
import { spawnLoguro } from '../testing/spawn-loguro.js';
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

const FIELDS = { country: 'string', amount: 'number', plan: 'string?', active: 'boolean?', at: 'timestamp?' };
const ALWAYS = ['--from', '2000-01-01', '--to', '2100-01-01'];

/** A dataset of its own for each test; the name is its slug. */
async function dataset(slug: string, fields: Record<string, string> = FIELDS): Promise<number> {
  const { dataset } = await loguro.json<{ dataset: { id: number } }>(['datasets', 'create', slug]);
  await loguro.json(['schema', 'register', slug, '-'], { stdin: JSON.stringify(fields) });
  return dataset.id;
}

async function rowsOf(slug: string, ...select: string[]): Promise<Record<string, unknown>[]> {
  const args = ['query', slug, '--select', select.join(','), '--order-by', 'timestamp', ...ALWAYS, '--limit', '1000'];
  return (await loguro.json<{ rows: Record<string, unknown>[] }>(args)).rows;
}

async function countOf(slug: string): Promise<number> {
  const answer = await loguro.json<{ rows: { count: number }[] }>(['query', slug, ...ALWAYS]);
  return answer.rows[0]?.count ?? Number.NaN;
}

const at = (i: number) => new Date(Date.UTC(2026, 5, 1) + i * 1000).toISOString();
const ndjson = (from: number, to: number) =>
  Array.from(
    { length: to - from },
    (_, i) => `${JSON.stringify({ timestamp: at(from + i), country: 'RO', amount: from + i })}\n`,
  ).join('');

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
    expect(await countOf('sender')).toBe(1);
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
    expect(await countOf('mixed')).toBe(2);
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
    expect(await countOf('server-side')).toBe(150);
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
    expect(await countOf('header')).toBe(0);
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
    expect(await countOf('dry')).toBe(0);
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
    expect(await countOf('hopeless')).toBe(5);
  });
});

describe('an ingest that is run again', () => {
  test('stores nothing twice, goes on behind the end of a file that has grown, and refuses one that has changed', async () => {
    await dataset('grown');
    loguro.write('log.ndjson', ndjson(0, 25));
    const run = (...flags: string[]) =>
      loguro.run(['ingest', 'grown', 'log.ndjson', '--wait', '--batch-size', '10', ...flags]);
    expect((await run()).exitCode).toBe(0);
    const again = await run();
    expect(again.exitCode).toBe(0);
    expect(again.stderr).toContain('Nothing new');
    loguro.write('log.ndjson', ndjson(0, 40));
    expect((await run()).stdout).toContain('accepted         15\n');
    expect(await countOf('grown')).toBe(40);
    loguro.write('log.ndjson', ndjson(1, 50));
    const changed = await run();
    expect(changed.exitCode).toBe(5);
    expect(changed.stderr).toContain('is not what it was when it was ingested');
    loguro.write('log.ndjson', ndjson(0, 3));
    expect((await run()).exitCode).toBe(5);
    expect(await countOf('grown')).toBe(40);
  });

  test('is recognised by its content where its progress is not known, and stored once more only with --again', async () => {
    await dataset('twice');
    loguro.write('a.ndjson', ndjson(0, 30));
    const run = (file: string, ...flags: string[]) =>
      loguro.run(['ingest', 'twice', file, '--wait', '--batch-size', '10', ...flags]);
    await run('a.ndjson');
    rmSync(loguro.path('state'), { recursive: true });
    loguro.write('copy.ndjson', ndjson(0, 30));
    expect((await run('copy.ndjson')).exitCode).toBe(0);
    expect((await run('a.ndjson', '--restart')).exitCode).toBe(0);
    expect(await countOf('twice')).toBe(30);
    expect((await run('a.ndjson', '--again')).exitCode).toBe(0);
    expect(await countOf('twice')).toBe(60);
  });
});

describe('an interruption', () => {
  const RECORDS = 10_000;
  const flags = ['--batch-size', '100', '--concurrency', '3'];

  test('by Ctrl-C settles what is on its way, and the same command stores the rest', async () => {
    await dataset('stopped');
    loguro.write('big.ndjson', `${ndjson(0, RECORDS / 2)}bad\n${ndjson(RECORDS / 2, RECORDS)}`);
    const child = spawnLoguro(loguro, ['ingest', 'stopped', 'big.ndjson', ...flags]);
    await child.untilProgress(1000);
    child.kill('SIGINT');
    expect(await child.exited).toBe(130);
    expect(child.stderr).toContain('run the same command again');
    const on = await loguro.run(['ingest', 'stopped', 'big.ndjson', ...flags, '--wait']);
    expect(on.exitCode).toBe(6);
    expect(on.stderr).toContain('Going on behind');
    expect(await countOf('stopped')).toBe(RECORDS);
    expect(loguro.read('big.ndjson.rejects.ndjson').trim().split('\n')).toHaveLength(1);
  }, 120_000);

  test('by SIGKILL, again and again at any moment, neither loses nor doubles a record or a reject', async () => {
    await dataset('killed');
    const bad = Array.from({ length: 20 }, (_, i) => `bad ${i}\n`);
    const parts = bad.map((line, i) => ndjson((i * RECORDS) / 20, ((i + 1) * RECORDS) / 20) + line);
    loguro.write('big.ndjson', parts.join(''));
    const args = ['ingest', 'killed', 'big.ndjson', ...flags];
    for (let kill = 1; kill <= 4; kill++) {
      const child = spawnLoguro(loguro, args);
      await child.untilProgress((kill * RECORDS) / 8);
      child.kill('SIGKILL');
      await child.exited;
    }
    const last = await loguro.run([...args, '--wait']);
    expect(last.exitCode).toBe(6);
    expect(await countOf('killed')).toBe(RECORDS);
    const distinct = ['query', 'killed', '-s', 'count_distinct(amount) as n', ...ALWAYS];
    expect((await loguro.json<{ rows: { n: number }[] }>(distinct)).rows).toEqual([{ n: RECORDS }]);
    const rejects = loguro
      .read('big.ndjson.rejects.ndjson')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).raw);
    expect(rejects).toEqual(bad.map((line) => line.trim()));
  }, 180_000);

  test('is not gone on from with other options, where records are in doubt', async () => {
    await dataset('options');
    loguro.write('big.ndjson', ndjson(0, RECORDS));
    const child = spawnLoguro(loguro, ['ingest', 'options', 'big.ndjson', ...flags]);
    await child.untilProgress(1000);
    child.kill('SIGKILL');
    await child.exited;
    const other = await loguro.run(['ingest', 'options', 'big.ndjson', '--batch-size', '77']);
    expect(other.exitCode).toBe(5);
    expect(other.stderr).toContain('started with other options');
    expect(other.stderr).toContain('batchSize 100');
    const late = await loguro.run(['ingest', 'options', 'big.ndjson', ...flags], {
      now: () => Date.now() + 25 * 3_600_000,
    });
    expect(late.exitCode).toBe(5);
    expect(late.stderr).toContain('too long ago');
  }, 120_000);
});

test('memory does not grow with the file', async () => {
  await dataset('large');
  const line = `${at(0)},RO,1,${'p'.repeat(3000)},yes,\n`;
  async function* lines(): AsyncGenerator<Buffer> {
    yield Buffer.from('timestamp,country,amount,plan,active,at\n');
    const block = Buffer.from(line.repeat(300));
    for (let i = 0; i < 70; i++) yield block;
  }
  // The heap that the program may have holds about half of these records.
  const child = spawnLoguro(loguro, ['ingest', 'large', '-', '--batch-size', '300', '--wait', '--json'], {
    nodeOptions: '--max-old-space-size=40',
    stdin: lines(),
  });
  expect(await child.exited).toBe(0);
  expect(JSON.parse(child.stdout)).toMatchObject({ accepted: 21_000 });
}, 180_000);
