import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import type { StackProject } from '@loguro/testing';
import { runCli } from '../cli.js';
import { loadConfig } from '../config.js';
import type { ExitCode } from '../exit-codes.js';
import type { Host } from '../host.js';
import { createTransport } from '../transport.js';

/** What a command line came to. */
export interface Ran {
  exitCode: ExitCode;
  stdout: string;
  stderr: string;
}

/** How one command line is run. */
export interface RunOptions {
  /** Added to the environment; undefined takes a variable away. */
  env?: Record<string, string | undefined>;
  /** Piped in. Without it, stdin is empty. */
  stdin?: string | Buffer | AsyncIterable<Buffer>;
  /** A person at a terminal, who gives these answers. */
  answers?: { secret?: string; confirm?: boolean };
  /** Stops the command when it fires. */
  signal?: AbortSignal;
  /** Sees what is printed as it is printed. */
  onOutput?: (text: string) => void;
  now?: () => number;
}

/** A folder of one's own to run commands in, and a home with nothing stored. */
export class Workspace {
  readonly folder = mkdtempSync(join(tmpdir(), 'loguro-cli-'));
  readonly env: Record<string, string>;
  readonly #transport = createTransport({ httpProxy: undefined, httpsProxy: undefined, noProxy: undefined });

  /** @param env of every command */
  constructor(env: Record<string, string> = {}) {
    this.env = { LOGURO_CONFIG_DIR: join(this.folder, 'config'), LOGURO_STATE_DIR: join(this.folder, 'state'), ...env };
  }

  /** With a running stack's addresses and, as a script would, its credentials in the environment. */
  static on(stack: StackProject): Workspace {
    return new Workspace(stack.env);
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  write(name: string, text: string | Buffer): string {
    writeFileSync(this.path(name), text);
    return this.path(name);
  }

  read(name: string): string {
    return readFileSync(this.path(name), 'utf8');
  }

  async remove(): Promise<void> {
    await this.#transport.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Runs a command line as the program would, in this process. */
  async run(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
    let stdout = '';
    let stderr = '';
    const out = collector((text) => {
      stdout += text;
      options.onOutput?.(text);
    });
    const err = collector((text) => {
      stderr += text;
      options.onOutput?.(text);
    });
    const exitCode = await runCli(args, this.#host(options, out, err));
    return { exitCode, stdout, stderr };
  }

  /** Runs a command that must succeed, with `--json`, and returns what it printed. */
  async json<T = Record<string, unknown>>(args: readonly string[], options: RunOptions = {}): Promise<T> {
    const { exitCode, stdout, stderr } = await this.run([...args, '--json'], options);
    if (exitCode !== 0) throw new Error(`loguro ${args.join(' ')} exited with ${exitCode}:\n${stderr}`);
    return JSON.parse(stdout) as T;
  }

  #host({ env, stdin = '', answers, signal, now = Date.now }: RunOptions, stdout: Writable, stderr: Writable): Host {
    const input =
      typeof stdin === 'string' || Buffer.isBuffer(stdin) ? Readable.from([Buffer.from(stdin)]) : Readable.from(stdin);
    return {
      config: loadConfig({ ...this.env, ...env }, { home: this.folder, os: process.platform }),
      cwd: this.folder,
      stdin: answers === undefined ? input : Object.assign(input, { isTTY: true }),
      stdout,
      stderr,
      now,
      signal: signal ?? new AbortController().signal,
      prompts: {
        secret: async () => answers?.secret ?? '',
        confirm: async () => answers?.confirm ?? false,
      },
      fetch: this.#transport,
    };
  }
}

function collector(take: (text: string) => void): Writable {
  return new Writable({
    write(chunk, _encoding, done) {
      take(String(chunk));
      done();
    },
  });
}
