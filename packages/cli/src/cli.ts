import { CommanderError } from 'commander';
import { EXIT, type ExitCode } from './exit-codes.js';
import { describeFailure, type Failure, isCatalogued } from './failure.js';
import type { Host } from './host.js';
import { Output, OutputClosed } from './output/output.js';
import { safeLine, safeText } from './output/safe-text.js';
import { createProgram } from './program.js';

/**
 * Runs one command line.
 *
 * @param args without the program's own name
 * @returns what to exit with; everything that had to be said is said
 */
export async function runCli(args: readonly string[], host: Host): Promise<ExitCode> {
  let exitCode: ExitCode = EXIT.ok;
  const program = createProgram(host, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (thrown) {
    if (thrown instanceof OutputClosed) return exitCode;
    // Help and version were asked for, and printed.
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return EXIT.ok;
    // A command group without a command: its help was printed to stderr.
    if (thrown instanceof CommanderError && thrown.code === 'commander.help') return EXIT.usage;
    const failure = describeFailure(thrown);
    report(failure, host, args);
    return failure.exitCode;
  }
}

function report(failure: Failure, host: Host, args: readonly string[]): void {
  if (args.includes('--json')) {
    const { message, exitCode, ...rest } = failure;
    host.stderr.write(`${JSON.stringify({ error: message, exitCode, ...rest })}\n`);
    return;
  }
  const { colors } = new Output(host, { color: !args.includes('--no-color') });
  host.stderr.write(formatFailure(failure, colors));
}

/** The most places at fault that are listed; `--json` has all that the server sent. */
const MAX_DETAILS = 10;

function formatFailure(failure: Failure, colors: Output['colors']): string {
  const lines = [`${colors.red(colors.bold('Error:'))} ${safeText(failure.message)}`];
  for (const { index, path, message } of failure.details.slice(0, MAX_DETAILS)) {
    const place = [index === undefined ? '' : `record ${index}`, path].filter((part) => part !== '').join(', ');
    lines.push(`  ${colors.bold(safeLine(place === '' ? '(whole)' : place))}: ${safeLine(message)}`);
  }
  const more = failure.details.length - MAX_DETAILS;
  if (more > 0) lines.push(`  … and ${more} more`);
  for (const hint of failure.hints) lines.push(`  ${colors.cyan('→')} ${safeText(hint)}`);
  if (failure.code !== undefined) {
    const request = failure.requestId === undefined ? '' : `, request ${safeLine(failure.requestId)}`;
    const more = isCatalogued(failure.code) ? ` — more: loguro explain ${failure.code}` : '';
    lines.push(colors.dim(`  (${failure.code}${request}${more})`));
  }
  return `${lines.join('\n')}\n`;
}
