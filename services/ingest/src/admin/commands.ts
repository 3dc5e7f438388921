import { type CommandResult, ConfigReader, type Environment, parseOptions, UsageError } from '@loguro/types/operations';
import { DatabaseLane } from '../ledger/database-lane.js';
import { QUEUE_DEFAULTS } from '../queue/open-ingest-queue.js';
import { openQueueStore } from '../queue/open-queue-store.js';
import type { QueueStore } from '../queue/queue-store.js';
import { readBooks } from './books.js';
import { listDeadLetters, replayDeadLetters } from './dead-letters.js';
import { listFailed, replayFailed } from './failed-jobs.js';
import { booksText, deadLettersText, failedText, replayText } from './texts.js';

/** What each command is, for whoever runs it. */
export const COMMANDS_HELP = `  failed list [--limit N]
      Jobs the worker gave up, with what a replay would do to each of their chunks.
  failed replay [--job ID]... [--dry-run]
      Puts them back into the queue. What was stored before is not stored again.
  books
      What became of every accepted record: stored, dead, discarded, pending.
      All of these read LOGURO_QUEUE_URL and LOGURO_DATABASE_URL (role loguro_ingest), or LOGURO_MIGRATE_DATABASE_URL
      when that is not set.

  dead-letters list [--dataset ID] [--limit N]
      Records PostgreSQL refused, with its reason.
  dead-letters replay [--dataset ID] [--dry-run]
      Tries to store them once more; those refused again stay.
      Both read LOGURO_MIGRATE_DATABASE_URL (the owner): the service's own role can't read records.`;

/** The first words of the commands. */
export const COMMAND_NAMES: readonly string[] = ['failed', 'dead-letters', 'books'];

export const USAGE = `Usage: node services/ingest/dist/admin/main.js COMMAND [OPTIONS] [--json]

Commands
${COMMANDS_HELP}

Options
  --dry-run   say what would happen and change nothing
  --json      print the result as one JSON object

Exit codes: 0 done, 1 not done, 2 wrong usage`;

/** Runs one command line. `argv` begins with the command. */
export async function runCommand(argv: readonly string[], env: Environment): Promise<CommandResult> {
  const [first, ...afterFirst] = argv;
  const [second, ...args] = afterFirst;
  switch (`${first} ${second?.startsWith('-') === false ? second : ''}`.trim()) {
    case 'failed list':
      return withQueue(env, (store, lane) => failedList(args, store, lane));
    case 'failed replay':
      return withQueue(env, (store, lane) => failedReplay(args, store, lane));
    case 'dead-letters list':
      return withOwner(env, (lane) => deadLettersList(args, lane));
    case 'dead-letters replay':
      return withOwner(env, (lane) => deadLettersReplay(args, lane));
    case 'books':
      return withQueue(env, async (store, lane) => {
        parseOptions(afterFirst, {});
        const books = await readBooks(await lane.session(), store);
        return { json: books, text: booksText(books) };
      });
    default:
      throw new UsageError(first === undefined ? 'Name a command.' : `There is no command "${argv.join(' ')}".`);
  }
}

async function failedList(args: string[], store: QueueStore, lane: DatabaseLane): Promise<CommandResult> {
  const { limit } = parseOptions(args, { limit: { type: 'string' } });
  const jobs = await listFailed(store, await lane.session(), { limit: wholeNumber(limit, '--limit') ?? 100 });
  const total = await store.queue.getFailedCount();
  return { json: { total, jobs }, text: failedText(total, jobs) };
}

async function failedReplay(args: string[], store: QueueStore, lane: DatabaseLane): Promise<CommandResult> {
  const options = parseOptions(args, { job: { type: 'string', multiple: true }, 'dry-run': { type: 'boolean' } });
  const ids = (options.job ?? []) as string[];
  if (options['dry-run'] === true) {
    const jobs = await listFailed(store, await lane.session(), { ids });
    return { json: { dryRun: true, jobs }, text: failedText(jobs.length, jobs) };
  }
  const replayed = await replayFailed(store, ids);
  return { json: { dryRun: false, replayed }, text: `Put back into the queue: ${replayed.length}` };
}

async function deadLettersList(args: string[], lane: DatabaseLane): Promise<CommandResult> {
  const options = parseOptions(args, { dataset: { type: 'string' }, limit: { type: 'string' } });
  const dataset = wholeNumber(options.dataset, '--dataset');
  const limit = wholeNumber(options.limit, '--limit');
  const letters = await listDeadLetters(await lane.session(), {
    ...(dataset !== undefined && { dataset }),
    ...(limit !== undefined && { limit }),
  });
  return { json: { letters }, text: deadLettersText(letters) };
}

async function deadLettersReplay(args: string[], lane: DatabaseLane): Promise<CommandResult> {
  const options = parseOptions(args, { dataset: { type: 'string' }, 'dry-run': { type: 'boolean' } });
  const dataset = wholeNumber(options.dataset, '--dataset');
  const dryRun = options['dry-run'] === true;
  const result = await replayDeadLetters(lane, { ...(dataset !== undefined && { dataset }), dryRun });
  return { json: { dryRun, ...result }, text: replayText(dryRun, result) };
}

const POSTGRES = ['postgres:', 'postgresql:'];
/** An operator waits longer than a request does, in milliseconds. */
const TIMEOUT_MS = 60_000;
const LOCK_TIMEOUT_MS = 10_000;

async function withQueue(
  env: Environment,
  run: (store: QueueStore, lane: DatabaseLane) => Promise<CommandResult>,
): Promise<CommandResult> {
  const reader = new ConfigReader(env);
  const queueUrl = reader.url('LOGURO_QUEUE_URL', ['redis:', 'rediss:', ...POSTGRES], 'the jobs are there');
  const owner =
    reader.optionalText('LOGURO_DATABASE_URL') === undefined && reader.optionalText('LOGURO_MIGRATE_DATABASE_URL');
  const variable = owner ? 'LOGURO_MIGRATE_DATABASE_URL' : 'LOGURO_DATABASE_URL';
  const databaseUrl = reader.url(variable, POSTGRES, 'the ledger is there');
  reader.done();
  return withLane(databaseUrl, async (lane) => {
    const store = await openQueueStore({
      ...QUEUE_DEFAULTS,
      url: queueUrl,
      timeoutMs: TIMEOUT_MS,
      redisPolicy: 'warn',
      logger: { warn: () => undefined },
    });
    try {
      return await run(store, lane);
    } finally {
      await store.close();
    }
  });
}

function withOwner(env: Environment, run: (lane: DatabaseLane) => Promise<CommandResult>): Promise<CommandResult> {
  const reader = new ConfigReader(env);
  const url = reader.url('LOGURO_MIGRATE_DATABASE_URL', POSTGRES, 'dead letters can be read by the owner only');
  reader.done();
  return withLane(url, run);
}

async function withLane(url: string, run: (lane: DatabaseLane) => Promise<CommandResult>): Promise<CommandResult> {
  const lane = new DatabaseLane({ url, statementTimeoutMs: TIMEOUT_MS, lockTimeoutMs: LOCK_TIMEOUT_MS });
  try {
    return await run(lane);
  } finally {
    await lane.close();
  }
}

function wholeNumber(value: unknown, name: string): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'string' && /^\d{1,9}$/.test(value)) return Number(value);
  throw new UsageError(`${name} must be a whole number.`);
}
