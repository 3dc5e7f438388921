import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type StackProject, sharedStack } from '@loguro/testing';
import { LOGURO } from './testing/spawn-loguro.js';
import { Workspace } from './testing/workspace.js';

const INSPECTOR = createRequire(import.meta.url).resolve('@modelcontextprotocol/inspector-cli/build/cli.js');

let stack: StackProject;
let page: Workspace;
beforeAll(async () => {
  stack = await sharedStack();
  // As on a reader's machine: addresses, and nothing stored.
  page = new Workspace({ LOGURO_API_URL: stack.apiUrl, LOGURO_INGEST_URL: stack.ingestUrl });
  page.write('token.txt', `${stack.pat}\n`);
  page.write('clicks.ndjson', '{"timestamp":"2026-06-12T08:00:02Z","page":"/","ms":3}\n');
  page.write('signups.csv', 'timestamp,country,amount\n2026-06-12T08:00:02Z,RO,42.5\n2026-06-12T08:01:10Z,DE,7\n');
  page.write('bin-loguro', `#!/bin/sh\nexec ${process.execPath} ${LOGURO} "$@"\n`);
}, 90_000);
afterAll(() => page?.remove());

interface Block {
  language: string;
  /** What follows the language: a file's name. */
  mark: string;
  code: string;
}

function blocksOf(name: string): Block[] {
  const text = readFileSync(fileURLToPath(new URL(`../../../${name}`, import.meta.url)), 'utf8');
  return [...text.matchAll(/^```(\w+) *(.*)\n([\s\S]*?)^```$/gm)].map(([, language = '', mark = '', code = '']) => ({
    language,
    mark,
    code,
  }));
}

/** Runs a block as a reader would paste it, stopping at the first command that fails. */
function paste(code: string): Promise<{ exitCode: number | null; stdout: string; stderr: string }> {
  // The inspector looks for its own package.json one folder above the current one.
  const inspector = `inspector() { (cd ${dirname(INSPECTOR)} && exec ${process.execPath} ${INSPECTOR} "$@"); }`;
  const path = `${page.folder}/bin`;
  const prelude = `mkdir -p ${path}; cp bin-loguro ${path}/loguro; chmod +x ${path}/loguro; PATH=${path}:$PATH; ${inspector}`;
  const child = spawn('bash', ['-c', `set -eo pipefail; ${prelude}\n${code}`], {
    cwd: page.folder,
    env: { ...process.env, NODE_OPTIONS: '', ...page.env },
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
  return new Promise((resolve) => child.once('close', (exitCode) => resolve({ exitCode, stdout, stderr })));
}

async function runPage(name: string): Promise<number> {
  const blocks = blocksOf(name);
  let ran = 0;
  for (const [i, { language, mark, code }] of blocks.entries()) {
    if (language === 'csv') page.write(mark, code);
    if (language !== 'sh') continue;
    const { exitCode, stdout, stderr } = await paste(code);
    expect({ code, exitCode, ...(exitCode !== 0 && { stdout, stderr }) }).toEqual({ code, exitCode: 0 });
    const next = blocks[i + 1];
    if (next?.language === 'text') expect(stdout).toBe(next.code);
    ran++;
  }
  return ran;
}

describe('the documentation', () => {
  test('docs/cli.md: every example runs, in its order, and prints what the page says', async () => {
    expect(await runPage('docs/cli.md')).toBe(11);
  }, 600_000);

  test('docs/mcp.md: every example runs, after those of the command line', async () => {
    expect(await runPage('docs/mcp.md')).toBe(2);
    const config = blocksOf('docs/mcp.md').find(({ language }) => language === 'json');
    const { mcpServers } = JSON.parse(config?.code ?? '') as {
      mcpServers: { loguro: { command: string; args: string[] } };
    };
    const { command, args } = mcpServers.loguro;
    // The slug is the reader's own.
    const own = args.map((arg) => (arg === 'local' ? stack.project : arg));
    const started = await paste(`inspector --cli ${[command, ...own].join(' ')} --method tools/list`);
    expect(JSON.parse(started.stdout)).toMatchObject({ tools: expect.arrayContaining([expect.anything()]) });
  }, 600_000);

  test('the README of the package: its example runs', async () => {
    expect(await runPage('packages/cli/README.md')).toBe(1);
  }, 600_000);

  test('the exit codes and variables of the page are those of the program', async () => {
    const text = readFileSync(fileURLToPath(new URL('../../../docs/cli.md', import.meta.url)), 'utf8');
    const { stdout: help } = await page.run(['--help']);
    for (const name of help.match(/LOGURO_\w+/g) ?? []) expect(text).toContain(`\`${name}\``);
    for (const code of [0, 1, 2, 3, 4, 5, 6, 7, 8, 130]) expect(text).toMatch(new RegExp(`^\\| ${code} \\|`, 'm'));
  });
});
