import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { waitFor } from '@loguro/testing';
import type { Workspace } from './workspace.js';

/** The program as it is published: one bundle, which starts in a third of the time. */
export const LOGURO = fileURLToPath(new URL('../../dist/package/bin/loguro.mjs', import.meta.url));

/** How to start the program. */
export interface SpawnOptions {
  nodeOptions?: string;
  stdin?: AsyncIterable<Buffer>;
}

/** The program in a process of its own, that can be killed. */
export class SpawnedLoguro {
  stdout = '';
  stderr = '';
  /** The exit code; null after a signal that it could not handle. */
  readonly exited: Promise<number | null>;
  readonly #child: ChildProcess;
  readonly #stateDir: string;

  constructor(child: ChildProcess, stateDir: string) {
    this.#child = child;
    this.#stateDir = stateDir;
    child.stdout?.on('data', (chunk) => {
      this.stdout += chunk;
    });
    child.stderr?.on('data', (chunk) => {
      this.stderr += chunk;
    });
    this.exited = new Promise((resolve) => child.once('close', (code) => resolve(code)));
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Waits until the progress that it keeps says that so many records are accepted. */
  async untilProgress(records: number): Promise<void> {
    const what = `an ingest of ${records} records (${this.stderr})`;
    await waitFor(() => this.#accepted() >= records, { timeoutMs: 60_000, what });
  }

  #accepted(): number {
    const folder = join(this.#stateDir, 'ingest');
    if (!existsSync(folder)) return 0;
    const counts = readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .map((name) => (JSON.parse(readFileSync(join(folder, name), 'utf8')) as { accepted: number }).accepted);
    return Math.max(0, ...counts);
  }
}

/** Starts the built program in the workspace's folder, with its environment. */
export function spawnLoguro(workspace: Workspace, args: readonly string[], options: SpawnOptions = {}): SpawnedLoguro {
  const { nodeOptions = '', stdin } = options;
  const child = spawn(process.execPath, [LOGURO, ...args], {
    cwd: workspace.folder,
    env: { ...process.env, ...workspace.env, NODE_OPTIONS: nodeOptions },
    stdio: [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  if (stdin !== undefined && child.stdin !== null) Readable.from(stdin).pipe(child.stdin);
  return new SpawnedLoguro(child, join(workspace.folder, 'state'));
}
