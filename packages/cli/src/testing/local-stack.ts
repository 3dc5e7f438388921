import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { waitFor } from '@loguro/testing';

const START = fileURLToPath(new URL('../../../../infra/local/bin/start.mjs', import.meta.url));

/** A running stack of one's own; the content of its local.json. */
export interface LocalStack {
  apiUrl: string;
  ingestUrl: string;
  project: string;
  pat: string;
  projectKey: string;
  /** The folder with local.json. */
  dataDir: string;
  stop(): Promise<void>;
}

/** Starts the whole stack, as built, on a free port with an empty data folder. */
export async function startLocalStack(): Promise<LocalStack> {
  const folder = mkdtempSync(join(tmpdir(), 'loguro-cli-'));
  // As root, PostgreSQL runs as another user, who must get through to the data folder.
  chmodSync(folder, 0o755);
  const dataDir = join(folder, 'data');
  const { NODE_OPTIONS: _, ...inherited } = process.env;
  const env = { ...inherited, LOGURO_PORT: '0', LOGURO_DATA_DIR: dataDir, LOGURO_LOG_LEVEL: 'warn' };
  const child = spawn(process.execPath, [START, '--no-build'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const closed = once(child, 'close');
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  const stop = async () => {
    child.kill('SIGTERM');
    await closed;
    rmSync(folder, { recursive: true, force: true });
  };
  const running = () => {
    if (child.exitCode !== null) throw new Error(`the stack did not start:\n${output}`);
    return output.includes('Loguro is running');
  };
  try {
    await waitFor(running, { timeoutMs: 120_000, what: 'the stack to say that it runs' });
    return { ...JSON.parse(readFileSync(join(dataDir, 'local.json'), 'utf8')), dataDir, stop };
  } catch (error) {
    await stop();
    throw new Error(`${(error as Error).message}\n${output}`);
  }
}
