import {
  COMMANDS_HELP as CONTROL_HELP,
  COMMAND_NAMES as CONTROL_NAMES,
  runCommand as runControl,
  sentenceOf,
} from '@loguro/control-plane/admin/commands';
import {
  COMMANDS_HELP as INGEST_HELP,
  COMMAND_NAMES as INGEST_NAMES,
  runCommand as runIngest,
} from '@loguro/ingest/dist/admin/commands.js';
import { type CommandResult, type Environment, runCommandLine, UsageError } from '@loguro/types/operations';
import { runDoctor } from './doctor.js';

export const USAGE = `Usage: loguro-admin COMMAND [OPTIONS] [--json]

The database, accounts and keys
${CONTROL_HELP}

Accepted records
${INGEST_HELP}

The installation
  doctor
      Looks at the database, the queue, clocks, roles, migrations, keys and the worker, and says what is wrong. Exit
      code 1 when something is. Reads LOGURO_MIGRATE_DATABASE_URL, LOGURO_QUEUE_URL and LOGURO_SECRET_KEY, and
      says what it could not look at without one.

Options
  --dry-run   say what would happen and change nothing
  --json      print the result as one JSON object

Exit codes: 0 done, 1 not done, 2 wrong usage. docs/operations/loguro-admin.md has examples.`;

/** Hands a command line to whoever knows the command. */
export async function runCommand(argv: readonly string[], env: Environment): Promise<CommandResult> {
  const [name = ''] = argv;
  if (name === 'doctor') return runDoctor(argv.slice(1), env);
  if (CONTROL_NAMES.includes(name)) return runControl(argv, env);
  if (INGEST_NAMES.includes(name)) return runIngest(argv, env);
  throw new UsageError(`There is no command "${name}".`);
}

/** Runs one command line; returns the exit code. */
export function main(argv: readonly string[], env: Environment): Promise<number> {
  return runCommandLine({ argv, usage: USAGE, run: (args) => runCommand(args, env), sentenceOf });
}
