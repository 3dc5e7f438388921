import { isLoguroError, type LoguroError } from '@loguro/datasets';
import { ApiError, ERROR_CODES } from '@loguro/types';
import { ConfigError } from '@loguro/types/operations';
import { CommanderError } from 'commander';
import { CliError } from './cli-error.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import { hintsFor } from './hints.js';

/** A failure in the words and numbers that are shown for it. */
export interface Failure {
  message: string;
  exitCode: ExitCode;
  /** A code of the published catalogue or of the SDK. */
  code?: string;
  requestId?: string;
  details: readonly { index?: number; path: string; message: string }[];
  hints: readonly string[];
}

/** What to tell about whatever was thrown. A stack is shown for nothing but a fault of ours. */
export function describeFailure(thrown: unknown): Failure {
  if (thrown instanceof CliError) {
    return { message: thrown.message, exitCode: thrown.exitCode, details: [], hints: thrown.hints };
  }
  if (thrown instanceof ConfigError) return { message: thrown.message, exitCode: EXIT.usage, details: [], hints: [] };
  if (thrown instanceof ApiError) {
    // The contract's own checks, made here before anything is sent.
    const { message, code, details = [] } = thrown;
    return { message, code, details, exitCode: EXIT.usage, hints: [] };
  }
  if (isLoguroError(thrown)) return fromLoguro(thrown);
  if (thrown instanceof CommanderError) {
    const message = thrown.message.replace(/^error: /, '').replace(/^./, (first) => first.toUpperCase());
    return {
      message,
      exitCode: EXIT.usage,
      details: [],
      hints: ['See what there is: loguro --help, loguro COMMAND --help'],
    };
  }
  if (thrown instanceof Error && thrown.name === 'AbortError') {
    return { message: 'Interrupted.', exitCode: EXIT.interrupted, details: [], hints: [] };
  }
  const message = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  return {
    message: `loguro met a fault of its own:\n${message}`,
    exitCode: EXIT.unexpected,
    details: [],
    hints: ['Please report it, with the command you ran.'],
  };
}

function fromLoguro(error: LoguroError): Failure {
  const failure: Failure = {
    // The SDK's message ends with the first details; they are shown in full below it.
    message: error.details.length > 0 ? error.message.replace(/ \((?:.|\n)*\)$/, '') : error.message,
    exitCode: exitCodeOf(error),
    code: error.code,
    details: error.details,
    hints: hintsFor(error),
  };
  if (error.requestId !== undefined) failure.requestId = error.requestId;
  return failure;
}

function exitCodeOf({ code, status }: LoguroError): ExitCode {
  if (code === 'aborted') return EXIT.interrupted;
  if (code === 'network_error' || code === 'timeout' || code === 'invalid_response') return EXIT.unavailable;
  if (code === 'records_dead' || code === 'records_lost') return EXIT.rejected;
  if (status === undefined) return EXIT.unexpected;
  if (status === 401 || status === 403) return EXIT.credential;
  if (status === 404) return EXIT.notFound;
  if (status === 409 || status === 422) return EXIT.conflict;
  if ([408, 429, 502, 503, 504].includes(status)) return EXIT.unavailable;
  return status < 500 ? EXIT.usage : EXIT.unexpected;
}

/** Whether `loguro explain` knows the code. */
export function isCatalogued(code: string): boolean {
  return (ERROR_CODES as readonly string[]).includes(code);
}
