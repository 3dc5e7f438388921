import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { type StackProject, sharedStack } from '@loguro/testing';
import { generate } from 'selfsigned';
import { startForwardProxy, startTlsPort } from './testing/forward-proxy.js';
import { type PackedPackage, packPackage, ROOT } from './testing/packed-sdk.js';
import { type Outcome, runProgram } from './testing/run-program.js';

// Others may be at work on the machine, and each of these starts a program or two.
jest.setTimeout(120_000);

let cli: PackedPackage;
let stack: StackProject;
/** A folder that is empty but for what the tests put there. */
let folder: string;
beforeAll(async () => {
  [cli, stack] = await Promise.all([packPackage(join(ROOT, 'packages/cli')), sharedStack()]);
  folder = join(cli.project, 'empty');
  mkdirSync(folder);
  writeFileSync(join(folder, 'token.txt'), `${stack.pat}\n`);
}, 240_000);
afterAll(() => cli?.remove());

const program = () => join(cli.project, 'node_modules/.bin/loguro');
/** As on a reader's machine: addresses, and nothing stored but what these tests store. */
const environment = (more: Record<string, string> = {}) => ({
  LOGURO_API_URL: stack.apiUrl,
  LOGURO_INGEST_URL: stack.ingestUrl,
  LOGURO_CONFIG_DIR: join(folder, 'config'),
  LOGURO_STATE_DIR: join(folder, 'state'),
  NO_COLOR: '1',
  ...more,
});
const run = (args: readonly string[], env?: Record<string, string>): Promise<Outcome> =>
  runProgram(program(), args, { cwd: folder, env: environment(env) });

/** Runs a command that must succeed. */
async function loguro(...args: string[]): Promise<string> {
  const { stdout, stderr, code } = await run(args);
  expect({ args, code, ...(code !== 0 && { stderr }) }).toEqual({ args, code: 0 });
  return stdout;
}

/** A command line as a shell takes it: for what is read from a file. */
const inShell = (line: string) =>
  runProgram('sh', ['-c', line.replace('loguro', program())], { cwd: folder, env: environment() });

test('installed into an empty folder it logs in, and keeps the token where nobody else can read it', async () => {
  const { code, stderr } = await inShell('loguro login < token.txt');
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('Logged in to') });
  const file = join(folder, 'config/credentials.json');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readFileSync(file, 'utf8')).toContain(stack.pat);
  expect(stderr).not.toContain(stack.pat);
  expect(JSON.parse(await loguro('whoami', '--json'))).toMatchObject({ account: { email: expect.any(String) } });
});

test('logged in, it makes a dataset and a key, ingests a file, and queries what is in it', async () => {
  await loguro('datasets', 'create', 'Orders');
  writeFileSync(join(folder, 'schema.json'), '{ "country": "string", "amount": "number" }');
  await loguro('schema', 'register', 'orders', 'schema.json');
  await loguro('keys', 'create', 'laptop', '--save');
  const rows = Array.from({ length: 500 }, (_, i) => `2026-06-10T10:00:00Z,${i % 2 ? 'RO' : 'DE'},${i}\n`);
  writeFileSync(join(folder, 'orders.csv'), `timestamp,country,amount\n${rows.join('')}`);
  await loguro('ingest', 'orders', 'orders.csv', '--wait');
  const question = ['--from', '2026-06-10', '--to', '2026-06-10', '-g', 'country', '-s', 'country, sum(amount) as sum'];
  expect(await loguro('query', 'orders', ...question, '-o', 'country', '--format', 'csv')).toBe(
    'country,sum\nDE,62250\nRO,62500\n',
  );
});

test('it tails what was and what comes, and ends well with Ctrl-C', async () => {
  const child = spawn(program(), ['tail', 'orders', '--since', '3650d', '--format', 'ndjson'], {
    cwd: folder,
    env: { ...process.env, NODE_OPTIONS: '', ...environment() },
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 60_000,
    killSignal: 'SIGKILL',
  });
  const exited = once(child, 'exit');
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (lines.length === 500) {
      writeFileSync(join(folder, 'late.csv'), 'timestamp,country,amount\n1999-06-10T10:00:00Z,FR,1\n');
      await loguro('ingest', 'orders', 'late.csv', '--wait');
    }
    if (lines.length === 501) child.kill('SIGINT');
  }
  expect(lines).toHaveLength(501);
  expect(JSON.parse(lines[500] as string)).toMatchObject({ timestamp: '1999-06-10T10:00:00Z', country: 'FR' });
  expect(await exited).toEqual([0, null]);
});

test('as an MCP server it answers with what is in the datasets, and says nothing but the protocol', async () => {
  const child = spawn(program(), ['mcp'], {
    cwd: folder,
    env: { ...process.env, NODE_OPTIONS: '', ...environment() },
    stdio: ['pipe', 'pipe', 'inherit'],
    timeout: 60_000,
    killSignal: 'SIGKILL',
  });
  const exited = once(child, 'exit');
  const send = (message: object) => child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  const query = {
    select: [{ aggregate: 'count' }],
    range: { from: '2026-06-01T00:00:00Z', to: '2026-06-30T00:00:00Z' },
  };
  const requests = [
    { method: 'tools/list' },
    { method: 'tools/call', params: { name: 'list_datasets', arguments: {} } },
    { method: 'tools/call', params: { name: 'run_query', arguments: { dataset: 'orders', query } } },
  ];
  const clientInfo = { name: 'test', version: '1.0.0' };
  send({ id: 0, method: 'initialize', params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo } });
  const answers: { id: number; result: unknown }[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    answers.push(JSON.parse(line) as (typeof answers)[number]);
    if (answers.length === 1) send({ method: 'notifications/initialized' });
    const next = requests[answers.length - 1];
    if (next === undefined) child.stdin.end();
    else send({ id: answers.length, ...next });
  }
  expect(await exited).toEqual([0, null]);
  const text = (answer: unknown) => JSON.stringify(answer);
  expect(answers.map(({ id }) => id)).toEqual([0, 1, 2, 3]);
  expect(text(answers[1])).toContain('run_query');
  expect(text(answers[2])).toContain('orders');
  expect(text(answers[3])).toContain('500');
  expect(text(answers)).not.toContain('isError":true');
});

test('behind a proxy that asks for credentials it reaches both surfaces, with and without TLS', async () => {
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'logu.ro' }], {
    extensions: [
      { name: 'subjectAltName', altNames: ['logu.ro', 'ingest.logu.ro'].map((value) => ({ type: 2, value })) },
    ],
  });
  writeFileSync(join(folder, 'ca.pem'), cert);
  const gateway = Number(new URL(stack.apiUrl).port);
  const tls = await startTlsPort(gateway, { key, cert });
  // Names of the installation on the internet: without the proxy nothing of this would end here.
  const proxy = await startForwardProxy({
    'logu.ro:80': gateway,
    'ingest.logu.ro:80': gateway,
    'logu.ro:443': tls.port,
    'ingest.logu.ro:443': tls.port,
  });
  const at = (scheme: string, more: Record<string, string>) => ({
    LOGURO_API_URL: `${scheme}://logu.ro`,
    LOGURO_INGEST_URL: `${scheme}://ingest.logu.ro`,
    LOGURO_TOKEN: stack.pat,
    LOGURO_PROJECT_KEY: stack.projectKey,
    LOGURO_PROJECT: stack.project,
    NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem'),
    ...more,
  });
  try {
    writeFileSync(join(folder, 'one.csv'), 'timestamp,country,amount\n2026-06-10T10:00:00Z,FR,1\n');
    for (const [scheme, variable] of [
      ['http', 'HTTP_PROXY'],
      ['https', 'HTTPS_PROXY'],
      ['https', 'https_proxy'],
    ] as const) {
      proxy.asked.length = 0;
      const { code, stderr } = await run(
        ['ingest', 'orders', 'one.csv', '--again', '--wait'],
        at(scheme, { [variable]: proxy.url }),
      );
      expect({ variable, code, ...(code !== 0 && { stderr }) }).toEqual({ variable, code: 0 });
      const port = scheme === 'http' ? 80 : 443;
      expect(new Set(proxy.asked)).toEqual(new Set([`logu.ro:${port}`, `ingest.logu.ro:${port}`]));
    }
    const asked = performance.now();
    const refused = await run(['whoami'], at('https', { HTTPS_PROXY: proxy.urlWithoutCredentials }));
    expect(refused).toMatchObject({
      code: 7,
      stderr: expect.stringContaining('the proxy answered 407: it asks for credentials'),
    });
    // At once: another try, of which there are 30 s, would be refused as well.
    expect(performance.now() - asked).toBeLessThan(15_000);
    proxy.asked.length = 0;
    // Excepted by the user, or for being this machine: asked directly.
    const excepted = { HTTP_PROXY: 'http://127.0.0.1:9', NO_PROXY: new URL(stack.apiUrl).hostname };
    expect(await run(['whoami'], { LOGURO_TOKEN: stack.pat, ...excepted })).toMatchObject({ code: 0 });
    expect(await run(['whoami'], { LOGURO_TOKEN: stack.pat, HTTP_PROXY: proxy.url })).toMatchObject({ code: 0 });
    expect(proxy.asked).toEqual([]);
  } finally {
    await proxy.close();
    await tls.close();
  }
});
