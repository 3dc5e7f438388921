import { EXIT, type ExitCode } from './exit-codes.js';

/** Options of {@link CliError}. */
export interface CliErrorOptions {
  /** Default `usage`. */
  exitCode?: ExitCode;
  /** What to do next, one sentence or command each. */
  hints?: readonly string[];
  cause?: unknown;
}

/** A failure the user can do something about. The message is a sentence; no stack is ever printed for it. */
export class CliError extends Error {
  readonly exitCode: ExitCode;
  readonly hints: readonly string[];

  constructor(message: string, { exitCode = EXIT.usage, hints = [], cause }: CliErrorOptions = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'CliError';
    this.exitCode = exitCode;
    this.hints = hints;
  }
}
