import { rmSync } from 'node:fs';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type StackProject, sharedStack } from '@loguro/testing';
import { ALWAYS, at, countOf, createDataset, ndjson } from '../testing/datasets.js';
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

const dataset = (slug: string) => createDataset(loguro, slug);
const count = (slug: string) => countOf(loguro, slug);

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
    expect(await count('grown')).toBe(40);
    loguro.write('log.ndjson', ndjson(1, 50));
    const changed = await run();
    expect(changed.exitCode).toBe(5);
    expect(changed.stderr).toContain('is not what it was when it was ingested');
    loguro.write('log.ndjson', ndjson(0, 3));
    expect((await run()).exitCode).toBe(5);
    expect(await count('grown')).toBe(40);
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
    expect(await count('twice')).toBe(30);
    expect((await run('a.ndjson', '--again')).exitCode).toBe(0);
    expect(await count('twice')).toBe(60);
  });
});

describe('an interruption', () => {
  const RECORDS = 10_000;
  const flags = ['--batch-size', '100', '--concurrency', '3'];

  test('by Ctrl-C settles what is on its way, and the same command stores the rest', async () => {
    await dataset('stopped');
    // At the end, where an interrupted ingest has not been yet, however fast it was.
    loguro.write('big.ndjson', `${ndjson(0, RECORDS)}bad\n`);
    const child = spawnLoguro(loguro, ['ingest', 'stopped', 'big.ndjson', ...flags]);
    await child.untilProgress(1000);
    child.kill('SIGINT');
    expect(await child.exited).toBe(130);
    expect(child.stderr).toContain('run the same command again');
    const on = await loguro.run(['ingest', 'stopped', 'big.ndjson', ...flags, '--wait']);
    expect(on.exitCode).toBe(6);
    expect(on.stderr).toContain('Going on behind');
    expect(await count('stopped')).toBe(RECORDS);
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
    expect(await count('killed')).toBe(RECORDS);
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
