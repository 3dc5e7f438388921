import type { Readable, Writable } from 'node:stream';
import type { FetchLike } from '@loguro/datasets';
import type { CliConfig } from './config.js';

/** A stream that may be a terminal. */
type Terminal<T> = T & { isTTY?: boolean | undefined; columns?: number | undefined };

/**
 * Everything the commands need from the outside. They touch neither `process` nor a global, so a test runs
 * the real program in its own process with streams of its own.
 */
export interface Host {
  config: CliConfig;
  cwd: string;
  stdin: Terminal<Readable>;
  stdout: Terminal<Writable>;
  stderr: Terminal<Writable>;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Aborts on Ctrl-C and SIGTERM. */
  signal: AbortSignal;
  prompts: Prompts;
  fetch: FetchLike;
}

/** Questions to a person at a terminal. */
export interface Prompts {
  /** Reads a line without showing it. */
  secret(message: string): Promise<string>;
  confirm(message: string): Promise<boolean>;
}
