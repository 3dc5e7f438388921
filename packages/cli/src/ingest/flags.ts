import { isTimestamp } from '@loguro/types';
import { CliError } from '../cli-error.js';
import { type InputFormat, parseDelimiter } from '../records/input-format.js';
import type { ExtraMode, MappingOptions } from '../records/mapping.js';
import type { TimeFormat } from '../records/time-format.js';

/** The flags of `ingest`. */
export interface IngestFlags {
  input?: InputFormat;
  delimiter?: string;
  timestampColumn: string;
  timestamp?: string;
  timeFormat: TimeFormat;
  null?: string[];
  extra: ExtraMode;
  ignore?: string[];
  context?: string;
  schema?: string;
  batchSize: number;
  concurrency: number;
  rejects?: string;
  maxRejects: number;
  restart?: boolean;
  again?: boolean;
  acceptDuplicates?: boolean;
  wait?: boolean;
  dryRun?: boolean;
}

/** What decides the bytes that are sent, so that a continued ingest can be held to it. */
export interface IngestOptions {
  input: InputFormat | undefined;
  delimiter: string | undefined;
  mapping: MappingOptions;
  batchSize: number;
}

/**
 * The flags that decide what is sent, checked.
 *
 * @param startedAt what `--timestamp now` means: the start of the ingest, also when it is continued
 */
export function toOptions(flags: IngestFlags, startedAt: string): IngestOptions {
  return {
    input: flags.input,
    delimiter: flags.delimiter === undefined ? undefined : parseDelimiter(flags.delimiter),
    batchSize: flags.batchSize,
    mapping: {
      timestampColumn: flags.timestampColumn,
      fixedTimestamp: fixedTimestamp(flags.timestamp, startedAt),
      timeFormat: flags.timeFormat,
      nulls: flags.null ?? [],
      extra: flags.extra,
      ignore: flags.ignore ?? [],
      context: parseContext(flags.context),
    },
  };
}

/** The same flags as one text that can be compared; the order of the keys is fixed. */
export function fingerprint(flags: IngestFlags): string {
  const { input, delimiter, timestampColumn, timestamp, timeFormat, extra, ignore, context, batchSize } = flags;
  const decisive = { input, delimiter, timestampColumn, timestamp, timeFormat, null: flags.null, extra, ignore };
  return JSON.stringify({ ...decisive, context, batchSize });
}

function fixedTimestamp(text: string | undefined, startedAt: string): string | undefined {
  if (text === undefined) return undefined;
  if (text === 'now') return startedAt;
  if (isTimestamp(text)) return text;
  throw new CliError(`--timestamp "${text}" is not a timestamp.`, {
    hints: ['Write now, or a time with offset such as 2026-06-10T10:00:00Z.'],
  });
}

function parseContext(text: string | undefined): Record<string, unknown> {
  if (text === undefined) return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Falls through to the sentence below.
  }
  throw new CliError('--context is not a JSON object.', { hints: [`Write --context '{"source":"import"}'.`] });
}
