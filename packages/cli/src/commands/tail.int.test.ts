import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type StackProject, sharedStack, waitFor } from '@loguro/testing';
import { type Ran, Workspace } from '../testing/workspace.js';

let stack: StackProject;
let loguro: Workspace;
beforeAll(async () => {
  stack = await sharedStack();
  loguro = Workspace.on(stack);
  await loguro.json(['datasets', 'create', 'Shop']);
  const fields = { country: 'string', amount: 'number?', plan: 'string?' };
  await loguro.json(['schema', 'register', 'shop', '-'], { stdin: JSON.stringify(fields) });
}, 90_000);
afterAll(() => loguro?.remove());

interface Entry {
  timestamp: string;
  country: string;
  amount?: number;
  plan?: string;
}

async function send(...records: Entry[]): Promise<void> {
  const stdin = records.map((record) => `${JSON.stringify(record)}\n`).join('');
  const { exitCode, stderr } = await loguro.run(['ingest', 'shop', '-', '--wait'], { stdin });
  if (exitCode !== 0) throw new Error(stderr);
}

const ago = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString();

/** A tail that is known to wait. */
async function startTail(...args: string[]) {
  const stop = new AbortController();
  let seen = '';
  const ended = loguro.run(['tail', 'shop', ...args], {
    signal: stop.signal,
    onOutput(text) {
      seen += text;
    },
  });
  const until = (text: string) => waitFor(() => seen.includes(text), { timeoutMs: 30_000, what: `${text} in ${seen}` });
  await until('Waiting for records');
  return {
    until,
    stop(): Promise<Ran> {
      stop.abort();
      return ended;
    },
  };
}

test('a tail shows what arrives, whatever its timestamp, equal records too, and ends with Ctrl-C', async () => {
  await send({ timestamp: ago(0), country: 'BEFORE', amount: 1, plan: 'tail' });
  const tail = await startTail('-w', 'plan = tail', '-s', 'country,amount');
  const record = (country: string, timestamp = ago(0)): Entry => ({ timestamp, country, amount: 1, plan: 'tail' });
  const same = record('SAME');
  await send(same, record('OLD', '1999-01-01T00:00:00Z'), { ...record('OTHER'), plan: 'pro' });
  await send(same, record('FUTURE', '2090-01-01T00:00:00Z'), record('LAST'));
  await tail.until('country=LAST');
  const { exitCode, stdout } = await tail.stop();
  expect(exitCode).toBe(0);
  const countries = [...stdout.matchAll(/^\S+Z country=(\w+) amount=1$/gm)].map(([, country]) => country);
  expect(countries).toEqual(['SAME', 'OLD', 'SAME', 'FUTURE', 'LAST']);
}, 60_000);

test('with --since it shows the time before first, and nothing twice; with --json as NDJSON', async () => {
  await send(
    { timestamp: ago(7200), country: 'TOO OLD', plan: 'since' },
    { timestamp: ago(60), country: 'SECOND', amount: 2, plan: 'since' },
    { timestamp: ago(600), country: 'FIRST', plan: 'since' },
  );
  const tail = await startTail('--since', '1h', '-w', 'plan = since', '--json');
  await tail.until('SECOND');
  await send({ timestamp: ago(90), country: 'THIRD', plan: 'since' });
  await tail.until('THIRD');
  const rows = (await tail.stop()).stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(rows.map(({ country }) => country)).toEqual(['FIRST', 'SECOND', 'THIRD']);
  expect(rows[1]).toEqual({
    timestamp: expect.stringMatching(/Z$/),
    country: 'SECOND',
    amount: 2,
    plan: 'since',
    context: {},
  });
}, 60_000);

test('with --since records that arrive while it starts are shown once', async () => {
  const sending = (async () => {
    for (let i = 0; i < 15; i++) await send({ timestamp: ago(i), country: `N${i}.`, plan: 'race' });
  })();
  const tail = await startTail('--since', '1h', '-w', 'plan = race', '--json');
  await sending;
  await tail.until('N14.');
  const { stdout } = await tail.stop();
  const seen = [...stdout.matchAll(/"N(\d+)\."/g)].map(([, i]) => Number(i)).sort((a, b) => a - b);
  expect(seen).toEqual(Array.from({ length: 15 }, (_, i) => i));
}, 60_000);

test('a condition that can not hold, and a span that is none, are refused', async () => {
  const wrong = await loguro.run(['tail', 'shop', '-s', 'countri']);
  expect(wrong.exitCode).toBe(2);
  expect(wrong.stderr).toMatch(/did you mean "country"/);
  expect((await loguro.run(['tail', 'shop', '--since', 'x'])).stderr).toContain('not a span of time');
});
