import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { type PackedPackage, packPackage, ROOT } from './testing/packed-sdk.js';
import { type Outcome, runProgram } from './testing/run-program.js';

const SOURCE = join(ROOT, 'packages/cli');

// Others may be at work on the machine, and each of these starts a program or two.
jest.setTimeout(120_000);

let cli: PackedPackage;
let nobody: string;
beforeAll(async () => {
  cli = await packPackage(SOURCE);
  nobody = await addressOfNobody();
}, 240_000);
afterAll(() => cli.remove());

const installed = () => join(cli.project, 'node_modules/@loguro/cli');
const program = () => join(cli.project, 'node_modules/.bin/loguro');
/** Nothing of this machine's login, and a service that isn't there. */
const environment = () => ({
  LOGURO_CONFIG_DIR: join(cli.project, 'config'),
  LOGURO_TOKEN: 'pat_for_nobody',
  LOGURO_API_URL: nobody,
  LOGURO_INGEST_URL: nobody,
  NO_COLOR: '1',
});
const loguro = (...args: string[]): Promise<Outcome> =>
  runProgram(program(), args, { cwd: cli.project, env: environment() });

/** A port that was free a moment ago. */
async function addressOfNobody(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `http://127.0.0.1:${port}`;
}

function manifestOf(folder: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, unknown>;
}

test('installing it fetches nothing else, and its manifest names nothing of the workspace', () => {
  const manifest = manifestOf(installed());
  const { name, version, license, engines } = manifestOf(SOURCE);
  expect(manifest).toMatchObject({ name, version, license, engines, bin: { loguro: 'bin/loguro.mjs' } });
  for (const field of ['private', 'scripts', 'dependencies', 'devDependencies', 'peerDependencies'])
    expect(manifest).not.toHaveProperty(field);
  expect(JSON.stringify(manifest)).not.toContain('workspace:');
  const lock = JSON.parse(readFileSync(join(cli.project, 'package-lock.json'), 'utf8')) as { packages: object };
  expect(Object.keys(lock.packages)).toEqual(['', 'node_modules/@loguro/cli']);
});

test('the package holds the program, README, licence and the notices of what is bundled, and nothing of a machine', () => {
  expect(readdirSync(installed()).sort()).toEqual(
    ['LICENSE', 'README.md', 'THIRD-PARTY-NOTICES.txt', 'bin', 'dist', 'package.json'].sort(),
  );
  const notices = readFileSync(join(installed(), 'THIRD-PARTY-NOTICES.txt'), 'utf8');
  const bundled = Object.keys(manifestOf(SOURCE).dependencies as object).filter((name) => !/^@loguro\//.test(name));
  for (const name of bundled) expect(notices).toMatch(new RegExp(`^${name} \\d+[.]\\d+[.]\\d+ \\(`, 'm'));
  for (const file of readdirSync(join(installed(), 'dist')))
    expect(readFileSync(join(installed(), 'dist', file), 'utf8')).not.toContain(ROOT);
});

test('every part that is only loaded when a command needs it can be loaded', async () => {
  const parts = readdirSync(join(installed(), 'dist')).filter((name) => name !== 'main.js');
  expect(parts.length).toBeGreaterThan(4);
  const code = `for (const part of ${JSON.stringify(parts)}) await import('@loguro/cli/dist/' + part);`;
  const args = ['--input-type=module', '-e', code];
  expect(await runProgram(process.execPath, args, { cwd: cli.project })).toEqual({ stdout: '', stderr: '', code: 0 });
});

test('what CommonJS libraries are told of themselves, the bundle tells them too', () => {
  const folder = join(installed(), 'dist');
  const parts = readdirSync(folder).filter((name) => name.endsWith('.js'));
  const texts = parts.map((name) => readFileSync(join(folder, name), 'utf8'));
  // The library that writes credentials asks; logging in failed without.
  const asking = texts.filter((text) => /\b__(file|dir)name\b/.test(text.replace(/^.*const __filename = .*$/m, '')));
  expect(asking.length).toBeGreaterThan(0);
  for (const text of asking) expect(text).toMatch(/const __filename = .* const __dirname = /);
});

test('it says its version, helps, and completes', async () => {
  expect(await loguro('--version')).toEqual({ stdout: `${manifestOf(SOURCE).version}\n`, stderr: '', code: 0 });
  const help = await loguro('--help');
  expect(help.stdout).toContain('Usage: loguro [options] [command]');
  expect(help.code).toBe(0);
  const completion = await loguro('completion', 'bash');
  expect(completion.stdout).toContain('complete -F _loguro loguro');
  expect(completion.code).toBe(0);
});

test('it reads files, and explains errors without the repository', async () => {
  writeFileSync(join(cli.project, 'orders.csv'), 'timestamp,country,amount\n2026-06-10T10:58:00Z,RO,42.5\n');
  const { stdout, code } = await loguro('schema', 'infer', 'orders.csv');
  expect(stdout).toMatch(/amount +amount +number/);
  expect(code).toBe(0);
  expect((await loguro('explain', 'schema_conflict')).stdout).toContain('schema_conflict');
});

test('it goes to the server, and says so when there is none', async () => {
  const { stdout, code } = await loguro('doctor', '--json');
  const { checks } = JSON.parse(stdout) as { checks: unknown };
  expect(checks).toContainEqual(
    expect.objectContaining({
      name: 'control plane',
      status: 'failed',
      message: expect.stringContaining('ECONNREFUSED'),
    }),
  );
  expect(code).toBe(8);
});

test('as an MCP server it answers initialize and tools/list, and ends with its client', async () => {
  const child = spawn(program(), ['mcp', '--project', 'local'], {
    cwd: cli.project,
    env: { ...process.env, NODE_OPTIONS: '', ...environment() },
    stdio: ['pipe', 'pipe', 'inherit'],
    timeout: 60_000,
    killSignal: 'SIGKILL',
  });
  const exited = once(child, 'exit');
  const send = (message: object) => child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  const clientInfo = { name: 'test', version: '1.0.0' };
  send({ id: 1, method: 'initialize', params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo } });
  const answers: unknown[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    answers.push(JSON.parse(line));
    if (answers.length === 1) {
      send({ method: 'notifications/initialized' });
      send({ id: 2, method: 'tools/list' });
    } else child.stdin.end();
  }
  expect(answers).toMatchObject([
    { id: 1, result: { serverInfo: { name: 'loguro', version: manifestOf(SOURCE).version } } },
    { id: 2, result: { tools: expect.arrayContaining([expect.objectContaining({ name: 'run_query' })]) } },
  ]);
  expect(await exited).toEqual([0, null]);
});
