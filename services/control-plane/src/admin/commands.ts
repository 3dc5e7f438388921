import {
  type CommandResult,
  type Environment,
  parseOptions,
  requiredOption,
  UsageError,
} from '@loguro/types/operations';
import { SQL_STATE, sqlState } from '../database/sql-state.js';
import { isDatabaseAway } from '../http/client-errors.js';
import { runBackup, runRestore } from './backup-commands.js';
import { loadMigrateConfig } from './config.js';
import { createAccount } from './create-account.js';
import { createToken } from './create-token.js';
import { runSigningKeys } from './key-commands.js';
import { migrate } from './migrate.js';
import { runRetention } from './retention.js';
import { withDatabase } from './with-database.js';

/** What each command is, for whoever runs it; the first word of each paragraph is the command. */
export const COMMANDS_HELP = `  migrate [--retry-failed]
      Creates or updates the login roles, the tables and the queue's schema. Safe to repeat.
      --retry-failed   apply again what failed before, once its cause is mended
      Reads LOGURO_MIGRATE_DATABASE_URL (the owner, who may create roles), LOGURO_CONTROL_PASSWORD,
      LOGURO_QUERY_PASSWORD and LOGURO_INGEST_PASSWORD.

  create-account --email ADDRESS --name NAME [--project NAME]
      Creates an account, a project when one is named, and a personal access token, shown this once.
  create-token --email ADDRESS --name NAME
      Gives an existing account another personal access token, shown this once.
  retention
      What every dataset keeps and takes; exit code 1 when records are overdue for deletion.
  signing-keys list
      The keys that sign project API keys, and how many of those each one still vouches for.
  signing-keys rotate
      Makes a new one that signs from now on; those before stay good until they are retired.
  signing-keys retire KID [--force]
      Refuses within a second whatever it signed. Without --force only when nothing in use depends on it.
      These read LOGURO_DATABASE_URL, or LOGURO_MIGRATE_DATABASE_URL when that is not set; rotate also LOGURO_SECRET_KEY.
  signing-keys reencrypt
      Encrypts them with LOGURO_NEW_SECRET_KEY in place of LOGURO_SECRET_KEY.

  backup FILE
      Writes the whole database as of one moment into FILE, with pg_dump. Reads LOGURO_MIGRATE_DATABASE_URL.
  restore FILE [--id-gap N]
      Restores it into an empty database, with pg_restore, and migrates that to this release. Reads what migrate reads,
      and LOGURO_SECRET_KEY, where it is set, to see that it opens the signing keys.
      --id-gap N   how far ids jump, so that none given out after the backup is given out again; default 10000`;

export const USAGE = `Usage: node services/control-plane/dist/admin/main.js COMMAND [OPTIONS] [--json]

Commands
${COMMANDS_HELP}

Options
  --json   print the result as one JSON object

Exit codes: 0 done, 1 not done, 2 wrong usage`;

type Command = (args: readonly string[], env: Environment) => Promise<CommandResult>;

const COMMANDS: Readonly<Record<string, Command>> = {
  migrate: runMigrate,
  'create-account': runCreateAccount,
  'create-token': runCreateToken,
  retention: runRetention,
  'signing-keys': runSigningKeys,
  backup: runBackup,
  restore: runRestore,
};

/** The first words of the commands. */
export const COMMAND_NAMES: readonly string[] = Object.keys(COMMANDS);

/** Runs one command line. `argv` begins with the command. */
export async function runCommand(argv: readonly string[], env: Environment): Promise<CommandResult> {
  const [name, ...args] = argv;
  const command = Object.hasOwn(COMMANDS, name ?? '') ? COMMANDS[name ?? ''] : undefined;
  if (command !== undefined) return command(args, env);
  throw new UsageError(name === undefined ? 'Name a command.' : `There is no command "${name}".`);
}

async function runMigrate(args: readonly string[], env: Environment): Promise<CommandResult> {
  const options = parseOptions(args, { 'retry-failed': { type: 'boolean' } });
  const result = await migrate({ ...loadMigrateConfig(env), retryFailed: options['retry-failed'] === true });
  const text =
    result.applied.length === 0
      ? 'The database is up to date.'
      : `Applied ${result.applied.length === 1 ? 'one migration' : `${result.applied.length} migrations`}:\n  ${result.applied.join('\n  ')}`;
  return { json: result, text };
}

async function runCreateAccount(args: readonly string[], env: Environment): Promise<CommandResult> {
  const options = parseOptions(args, {
    email: { type: 'string' },
    name: { type: 'string' },
    project: { type: 'string' },
  });
  const input = {
    email: requiredOption(options.email, '--email'),
    name: requiredOption(options.name, '--name'),
    ...(typeof options.project === 'string' && { project: options.project }),
  };
  const created = await withDatabase(env, (database) => createAccount(database, input));
  const lines = [`Account  ${created.account.email}`];
  if (created.project !== null) lines.push(`Project  ${created.project.slug}`);
  lines.push(`Token    ${created.secret}`, '', 'The token is not stored: keep it now, it is never shown again.');
  return { json: created, text: lines.join('\n') };
}

async function runCreateToken(args: readonly string[], env: Environment): Promise<CommandResult> {
  const options = parseOptions(args, { email: { type: 'string' }, name: { type: 'string' } });
  const input = { email: requiredOption(options.email, '--email'), name: requiredOption(options.name, '--name') };
  const created = await withDatabase(env, (database) => createToken(database, input));
  const text = `Account  ${created.account.email}\nToken    ${created.secret}\n\nThe token is not stored: keep it now, it is never shown again.`;
  return { json: created, text };
}

/** What an operator can do about errors of the database, by SQLSTATE. */
const ADVICE: Readonly<Record<string, string>> = {
  [SQL_STATE.undefinedTable]: 'The database is not migrated: run the migrate command first.',
  [SQL_STATE.insufficientPrivilege]:
    "This login may not do that. migrate needs the database's owner, with the right to create roles (CREATEROLE), and the same one each time.",
  [SQL_STATE.invalidPassword]: 'The database refuses the password in the URL.',
  [SQL_STATE.invalidCatalogName]: 'There is no database of the name in the URL: create it first, empty.',
};

/** A sentence for whatever went wrong, with what to do about it where that is known. */
export function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const advice = ADVICE[sqlState(error) ?? ''];
  if (advice !== undefined) return advice;
  if (isDatabaseAway(error)) return `The database can't be reached: ${lastLine(error.message)}`;
  return error.message;
}

/** Prisma's messages begin with the code that failed. */
function lastLine(message: string): string {
  return message.trim().split('\n').at(-1) ?? '';
}
