import { parseArgs } from 'node:util';
import type { Environment } from '@loguro/types/operations';
import { type Database, openDatabase } from '../database/database.js';
import { SQL_STATE, sqlState } from '../database/sql-state.js';
import { isDatabaseAway } from '../http/client-errors.js';
import { loadDatabaseUrl, loadMigrateConfig } from './config.js';
import { createAccount } from './create-account.js';
import { createToken } from './create-token.js';
import { migrate } from './migrate.js';

/** What a command answers: the same as data and as text for a person. */
export interface CommandResult {
  json: object;
  text: string;
}

export const USAGE = `Usage: node services/control-plane/dist/admin/main.js COMMAND [OPTIONS] [--json]

Commands
  migrate [--retry-failed]
      Creates or updates the login roles, the tables and the queue's schema. Safe to repeat.
      --retry-failed   apply again what failed before, once its cause is mended
      Reads LOGURO_MIGRATE_DATABASE_URL (the owner, who may create roles), LOGURO_CONTROL_PASSWORD,
      LOGURO_QUERY_PASSWORD and LOGURO_INGEST_PASSWORD.

  create-account --email ADDRESS --name NAME [--project NAME]
      Creates an account, a project when one is named, and a personal access token, shown this once.
  create-token --email ADDRESS --name NAME
      Gives an existing account another personal access token, shown this once.
      Both read LOGURO_DATABASE_URL, or LOGURO_MIGRATE_DATABASE_URL when that is not set.

Options
  --json   print the result as one JSON object

Exit codes: 0 done, 1 not done, 2 wrong usage`;

/** Wrong command line; the message says what is wrong with it. */
export class UsageError extends Error {}

/** Runs one command line. `argv` begins with the command. */
export async function runCommand(argv: readonly string[], env: Environment): Promise<CommandResult> {
  const [command, ...args] = argv;
  switch (command) {
    case 'migrate':
      return runMigrate(args, env);
    case 'create-account':
      return runCreateAccount(args, env);
    case 'create-token':
      return runCreateToken(args, env);
    default:
      throw new UsageError(command === undefined ? 'Name a command.' : `There is no command "${command}".`);
  }
}

async function runMigrate(args: string[], env: Environment): Promise<CommandResult> {
  const options = parse(args, { 'retry-failed': { type: 'boolean' } });
  const result = await migrate({ ...loadMigrateConfig(env), retryFailed: options['retry-failed'] === true });
  const text =
    result.applied.length === 0
      ? 'The database is up to date.'
      : `Applied ${result.applied.length === 1 ? 'one migration' : `${result.applied.length} migrations`}:\n  ${result.applied.join('\n  ')}`;
  return { json: result, text };
}

async function runCreateAccount(args: string[], env: Environment): Promise<CommandResult> {
  const options = parse(args, { email: { type: 'string' }, name: { type: 'string' }, project: { type: 'string' } });
  const input = {
    email: required(options.email, '--email'),
    name: required(options.name, '--name'),
    ...(typeof options.project === 'string' && { project: options.project }),
  };
  const created = await withDatabase(env, (database) => createAccount(database, input));
  const lines = [`Account  ${created.account.email}`];
  if (created.project !== null) lines.push(`Project  ${created.project.slug}`);
  lines.push(`Token    ${created.secret}`, '', 'The token is not stored: keep it now, it is never shown again.');
  return { json: created, text: lines.join('\n') };
}

async function runCreateToken(args: string[], env: Environment): Promise<CommandResult> {
  const options = parse(args, { email: { type: 'string' }, name: { type: 'string' } });
  const input = { email: required(options.email, '--email'), name: required(options.name, '--name') };
  const created = await withDatabase(env, (database) => createToken(database, input));
  const text = `Account  ${created.account.email}\nToken    ${created.secret}\n\nThe token is not stored: keep it now, it is never shown again.`;
  return { json: created, text };
}

async function withDatabase<T>(env: Environment, use: (database: Database) => Promise<T>): Promise<T> {
  const database = openDatabase({
    url: loadDatabaseUrl(env),
    poolSize: 1,
    connectTimeoutMs: 10_000,
    statementTimeoutMs: 10_000,
  });
  try {
    return await use(database);
  } finally {
    await database.close();
  }
}

type Options = NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>['options']>;

function parse(args: string[], options: Options): Record<string, unknown> {
  try {
    return parseArgs({ args, options: { ...options, json: { type: 'boolean' } }, strict: true }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function required(value: unknown, option: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new UsageError(`${option} is needed.`);
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
