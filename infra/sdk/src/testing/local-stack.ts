import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { waitFor } from '@loguro/testing';
import { ROOT } from './packed-sdk.js';

/** How to reach a running stack; the content of its local.json. */
export interface LocalStack {
  apiUrl: string;
  ingestUrl: string;
  project: string;
  pat: string;
  projectKey: string;
  /** The variables that the examples read. */
  env: Record<string, string>;
  stop(): Promise<void>;
}

const START = pathToFileURL(join(ROOT, 'infra/local/dist/main.js')).href;

/** Starts the whole stack, as built, on a free port with an empty data folder. */
export async function startLocalStack(): Promise<LocalStack> {
  const folder = mkdtempSync(join(tmpdir(), 'loguro-stack-'));
  const { NODE_OPTIONS: _, ...inherited } = process.env;
  const env = { ...inherited, LOGURO_PORT: '0', LOGURO_DATA_DIR: join(folder, 'data'), LOGURO_LOG_LEVEL: 'warn' };
  const run = `import(${JSON.stringify(START)}).then(({ runLocal }) => runLocal(0));`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', run], {
    env,
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  const stop = async () => {
    await end(child);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    // A stack that ended is not waited for: its output says why.
    const what = 'the local stack to say that it runs';
    await waitFor(() => output.includes('Loguro is running') || child.exitCode !== null, { timeoutMs: 120_000, what });
    if (child.exitCode !== null) throw new Error('The local stack ended instead of starting:');
    const local = JSON.parse(readFileSync(join(folder, 'data/local.json'), 'utf8')) as Omit<LocalStack, 'env' | 'stop'>;
    return {
      ...local,
      env: {
        LOGURO_API_URL: local.apiUrl,
        LOGURO_INGEST_URL: local.ingestUrl,
        LOGURO_TOKEN: local.pat,
        LOGURO_PROJECT_KEY: local.projectKey,
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw new Error(`${error instanceof Error ? error.message : error}\n${output}`);
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'close');
  child.kill('SIGTERM');
  await closed;
}
