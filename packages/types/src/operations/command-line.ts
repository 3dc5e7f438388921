import { type ParseArgsConfig, parseArgs } from 'node:util';

/** What an operator's command answers: the same as data and as text for a person. */
export interface CommandResult {
  json: object;
  text: string;
  /** Set when the command ran and what it found is not as it should be: exit code 1. */
  failed?: boolean;
}

/** Wrong command line; the message says what is wrong with it. */
export class UsageError extends Error {}

/** Options as `node:util` knows them. */
export type CommandOptions = NonNullable<ParseArgsConfig['options']>;

/**
 * Reads the options of a command; `--json` is one of every command.
 *
 * @throws UsageError
 */
export function parseOptions(args: readonly string[], options: CommandOptions): Record<string, unknown> {
  try {
    return parseArgs({ args: [...args], options: { ...options, json: { type: 'boolean' } }, strict: true }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/**
 * An option or argument that must be given.
 *
 * @throws UsageError that names it
 */
export function requiredOption(value: unknown, option: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new UsageError(`${option} is needed.`);
}

/**
 * The argument that a command line begins with, and what follows it.
 *
 * @param what names it: `The name of the file`
 * @throws UsageError when an option or nothing stands there
 */
export function takeArgument(args: readonly string[], what: string): [value: string, rest: string[]] {
  const [first = '', ...rest] = args;
  return [requiredOption(first.startsWith('-') ? '' : first, what), rest];
}

/** Options of {@link runCommandLine}. */
export interface CommandLine {
  /** Beginning with the command. */
  argv: readonly string[];
  usage: string;
  run: (argv: readonly string[]) => Promise<CommandResult>;
  /** A sentence for whatever was thrown; default: its message. */
  sentenceOf?: (error: unknown) => string;
}

/**
 * Runs a command and prints what it answers, as text or with `--json` as one JSON object.
 *
 * @returns the exit code: 0 done, 1 not done, 2 wrong usage
 */
export async function runCommandLine({ argv, usage, run, sentenceOf = messageOf }: CommandLine): Promise<number> {
  if (argv.length === 0 || argv.includes('--help') || argv.includes('-h') || argv[0] === 'help') {
    console.log(usage);
    return argv.length === 0 ? 2 : 0;
  }
  try {
    const { json, text, failed } = await run(argv);
    console.log(argv.includes('--json') ? JSON.stringify(json) : text);
    return failed === true ? 1 : 0;
  } catch (error) {
    console.error(sentenceOf(error));
    if (!(error instanceof UsageError)) return 1;
    console.error(`\n${usage}`);
    return 2;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
