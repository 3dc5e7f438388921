import { scrubSecrets } from './scrub-secrets.js';

/** An error as logs have it. */
export interface LoggableError {
  /** Its class. */
  type: string;
  message: string;
  /** Of Node, of a driver, or a SQLSTATE. */
  code?: string;
  /** Only where it was thrown: the first lines of a stack repeat the message. */
  stack?: string;
  cause?: LoggableError;
}

/** Causes of causes are followed this far. */
const MAX_DEPTH = 4;
/** Longest message, in characters: some drivers put whole programs into theirs. */
const MAX_MESSAGE = 500;

/**
 * What may be logged of an error: what kind it is and where it came from. Everything else that drivers hang on their
 * errors stays out, for it is what they were working on: ioredis adds the failed command with its arguments (a
 * password, a job with its records), PostgreSQL the row.
 */
export function loggableError(thrown: unknown): LoggableError {
  return describe(thrown, MAX_DEPTH);
}

/** The message of {@link loggableError} alone. */
export function loggableMessage(thrown: unknown): string {
  return describe(thrown, 0).message;
}

interface ErrorLike {
  name?: unknown;
  message?: unknown;
  code?: unknown;
  stack?: unknown;
  cause?: unknown;
  errors?: unknown;
}

function describe(thrown: unknown, depth: number): LoggableError {
  if (typeof thrown !== 'object' || thrown === null) return { type: typeof thrown, message: clean(String(thrown)) };
  const error: ErrorLike = thrown;
  const type = typeof error.name === 'string' ? error.name : 'Error';
  const code = typeof error.code === 'string' ? error.code : undefined;
  const stack = typeof error.stack === 'string' ? frames(error.stack) : undefined;
  const cause = error.cause ?? firstOf(error.errors);
  return {
    type,
    message: messageOf(error, type, code),
    ...(code !== undefined && { code }),
    ...(stack !== undefined && { stack }),
    ...(cause !== undefined && depth > 0 && { cause: describe(cause, depth - 1) }),
  };
}

function messageOf(error: ErrorLike, type: string, code: string | undefined): string {
  const message = typeof error.message === 'string' ? error.message : '';
  // Class 22 (manual, appendix A) is about a value, and its messages quote it.
  if (code !== undefined && /^22[0-9A-Z]{3}$/.test(code)) return 'PostgreSQL refused a value (not shown here).';
  if (type === 'SyntaxError') return 'A text could not be parsed (not shown here).';
  // Of several addresses, each of which failed; Node leaves the message empty.
  if (message === '') return loggableMessage(firstOf(error.errors) ?? 'no message');
  // Prisma's messages begin with the call; what went wrong is their last line.
  return clean(type.startsWith('PrismaClient') ? (message.trim().split('\n').at(-1) ?? '') : message);
}

function firstOf(errors: unknown): unknown {
  return Array.isArray(errors) ? errors[0] : undefined;
}

function frames(stack: string): string | undefined {
  const start = stack.indexOf('\n    at ');
  return start < 0 ? undefined : scrubSecrets(stack.slice(start + 1));
}

function clean(text: string): string {
  return scrubSecrets(text.length > MAX_MESSAGE ? `${text.slice(0, MAX_MESSAGE)}…` : text);
}
