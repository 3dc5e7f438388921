import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { waitFor, whenExited } from '@loguro/servers';
import { CHILDREN, type ChildName, type LocalFile, readLocalFile } from '../local-file.js';

/** The repository's folder. */
const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));

/** How to start the stack. */
export interface StartOptions {
  dataFolder: string;
  port: number;
  /** Default: what `npx pnpm start` runs in the end, without building again. */
  command?: readonly [string, ...string[]];
  env?: Record<string, string>;
}

/** `npx pnpm start`, seen from outside: its output, its local.json and its exit. */
export class StartedStack {
  readonly process: ChildProcess;
  readonly exited: Promise<string>;
  readonly #dataFolder: string;
  #output = '';

  constructor({ dataFolder, port, command, env }: StartOptions) {
    const [program, ...args] = command ?? [process.execPath, 'infra/local/bin/start.mjs', '--no-build'];
    this.process = spawn(program, args, {
      cwd: ROOT,
      env: { ...process.env, LOGURO_DATA_DIR: dataFolder, LOGURO_PORT: String(port), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#dataFolder = dataFolder;
    this.exited = whenExited(this.process);
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream?.on('data', (chunk) => {
        this.#output += chunk;
      });
    }
  }

  /** Everything printed so far. */
  get output(): string {
    return this.#output;
  }

  /** local.json as it is now. */
  get local(): LocalFile {
    const content = readLocalFile(this.#dataFolder);
    if (content === undefined) throw new Error('there is no local.json');
    return content;
  }

  /** Waits until it says that it runs. */
  async ready(): Promise<this> {
    let ended: string | undefined;
    void this.exited.then((reason) => {
      ended = reason;
    });
    const what = 'the stack to run';
    await waitFor(() => ended !== undefined || this.#output.includes('Ctrl-C stops everything'), {
      timeoutMs: 120_000,
      what,
    });
    if (ended !== undefined) throw new Error(`the stack ended (${ended}):\n${this.#output}`);
    return this;
  }

  /** Waits until a child runs under another pid than `before`, and returns that. */
  newPid(child: ChildName, before: number): Promise<number> {
    const changed = () => {
      const pid = this.local.pids[child];
      return pid !== null && pid !== before && pid;
    };
    return waitFor(changed, { timeoutMs: 60_000, what: `${child} to be started again` });
  }

  /** Signals the supervisor and waits until it has ended. */
  async stop(signal: NodeJS.Signals = 'SIGINT'): Promise<string> {
    this.process.kill(signal);
    return this.exited;
  }

  /** The pids of its children, all of which must run. */
  pids(): number[] {
    return CHILDREN.map((name) => this.local.pids[name]).map((pid) => {
      if (pid === null) throw new Error('a child does not run');
      return pid;
    });
  }
}
