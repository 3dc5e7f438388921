import type { Keys, ProjectKey } from '@loguro/datasets';
import { type Command, Option } from 'commander';
import { collect, expiry, spanSeconds } from '../arguments.js';
import { CliError } from '../cli-error.js';
import { confirmOrRefuse } from '../confirm.js';
import { EXIT } from '../exit-codes.js';
import { type Column, columnsOf, type Row } from '../output/formats.js';
import type { Context, Registry } from '../program.js';
import { intoSink, openSecretSink, type SecretFlags, secretOptions } from '../secret-sink.js';
import { looksLikeProjectKey, readSecret } from '../secrets.js';
import { storeProjectKey } from '../settings/profile-store.js';

const COLUMNS: Column[] = [
  { key: 'id', align: 'right' },
  ...columnsOf('name', 'kind', 'state', 'createdAt', 'lastUsedAt', 'expiresAt', 'allowedOrigins'),
];
const SAVE = "use it for this project's ingests from now on";

interface CreateFlags extends SecretFlags {
  kind?: 'server' | 'browser';
  origin?: string[];
  expires?: string;
}

export function addKeys(program: Command, { run }: Registry): void {
  const keys = program.command('keys').description('Manage the API keys that send records to the project.');
  keys.command('list').alias('ls').description('List the keys, without their secrets.').action(run(list));
  secretOptions(keys.command('create').argument('<name>', 'what it is for, such as "billing, production"'), SAVE)
    .description('Create a key. Its secret can be had only now.')
    .addOption(new Option('--kind <kind>', 'browser keys may be public').choices(['server', 'browser']))
    .option('--origin <origin>', 'for browser keys: where pages may send from; repeatable', collect)
    .option('--expires <when>', 'a span such as 90d, or a timestamp')
    .action(run<CreateFlags>(create));
  secretOptions(keys.command('rotate').argument('<id>'), SAVE)
    .description('Replace a key. The old one works on for the overlap.')
    .option('--overlap <span>', 'such as 10m or 24h', '0s')
    .action(run<SecretFlags & { overlap: string }>(rotate));
  keys
    .command('edit')
    .argument('<id>')
    .option('--name <name>')
    .option('--origin <origin>', 'replaces the origins of a browser key; repeatable', collect)
    .description('Rename a key, or change the origins of a browser key.')
    .action(run<{ name?: string; origin?: string[] }>(edit));
  keys
    .command('revoke')
    .argument('<id>')
    .option('--yes', 'do not ask')
    .description('Revoke a key, everywhere and at once.')
    .action(run<{ yes?: boolean }>(revoke));
  keys
    .command('use')
    .description("Store a key read from stdin for this project's ingests.")
    .addHelpText('after', '\nExamples:\n  $ loguro keys use < key.txt\n')
    .action(run(use));
}

async function list({ session, out, host }: Context): Promise<undefined> {
  const keys = await (await clientOf(session)).list({ signal: session.signal });
  await out.rows(
    keys.map((key) => rowOf(key, host.now())),
    COLUMNS,
    {
      document: { keys },
      empty: 'No key yet. Create one: loguro keys create NAME --save',
    },
  );
  return undefined;
}

async function create(context: Context<CreateFlags>, name: string): Promise<undefined> {
  const { session, flags, host } = context;
  const client = await clientOf(session);
  const sink = await openSecretSink(context, (secret) => storeProjectKey(host, session, secret));
  const body = {
    name,
    ...(flags.kind && { kind: flags.kind }),
    ...(flags.origin && { allowedOrigins: flags.origin }),
    ...(flags.expires !== undefined && { expiresAt: expiry(flags.expires, host.now()) }),
  };
  await describe(context, await intoSink(sink, () => client.create(body, { signal: session.signal })));
  return undefined;
}

async function rotate(context: Context<SecretFlags & { overlap: string }>, id: string): Promise<undefined> {
  const { session, flags, host } = context;
  const overlapSeconds = spanSeconds(flags.overlap, '--overlap');
  const client = await clientOf(session);
  const sink = await openSecretSink(context, (secret) => storeProjectKey(host, session, secret));
  const made = () => client.rotate(idOf(id), { overlapSeconds }, { signal: session.signal });
  await describe(context, await intoSink(sink, made));
  return undefined;
}

async function edit(
  { session, out, flags, host }: Context<{ name?: string; origin?: string[] }>,
  id: string,
): Promise<undefined> {
  const changes = {
    ...(flags.name !== undefined && { name: flags.name }),
    ...(flags.origin && { allowedOrigins: flags.origin }),
  };
  if (Object.keys(changes).length === 0) {
    throw new CliError('There is nothing to change.', { hints: ['Give --name or --origin.'] });
  }
  const key = await (await clientOf(session)).edit(idOf(id), changes, { signal: session.signal });
  await out.item(rowOf(key, host.now()), COLUMNS, { key });
  return undefined;
}

async function revoke({ host, session, out, flags }: Context<{ yes?: boolean }>, id: string): Promise<undefined> {
  const client = await clientOf(session);
  const key = (await client.list({ signal: session.signal })).find((one) => one.id === idOf(id));
  const what = key === undefined ? `key ${id}` : `key "${key.name}" (${id})`;
  await confirmOrRefuse(host, flags.yes, `Revoke the ${what}? Whoever sends records with it will be refused.`);
  await client.revoke(idOf(id), { signal: session.signal });
  await out.note(`The ${what} is revoked.`);
  return undefined;
}

async function use({ host, session, out }: Context): Promise<undefined> {
  const secret = await readSecret(host, 'project API key');
  if (!looksLikeProjectKey(secret)) {
    throw new CliError('This is not a project API key.', {
      exitCode: EXIT.credential,
      hints: [secret.startsWith('pat_') ? 'It is a personal access token: loguro login' : 'Copy it once more, whole.'],
    });
  }
  await storeProjectKey(host, session, secret);
  await out.note(`Ingests into the project ${await session.project()} now use this key.`);
  return undefined;
}

async function clientOf(session: Context['session']): Promise<Keys> {
  return (await session.account()).keys(await session.project());
}

/** With `--show` the secret alone is on stdout; what it belongs to is a remark. */
async function describe({ out, flags, host }: Context<SecretFlags>, key: ProjectKey): Promise<void> {
  if (flags.show) await out.note(`The secret of key ${key.id} "${key.name}". It can't be shown again.`);
  else await out.item(rowOf(key, host.now()), COLUMNS, { key });
}

function rowOf(key: ProjectKey, now: number): Row {
  return { ...key, state: stateOf(key, now), allowedOrigins: key.allowedOrigins.join(' ') || null };
}

/** Whether a credential works, and why not. */
export function stateOf(credential: { expiresAt: string | null; revokedAt: string | null }, now: number): string {
  const { expiresAt, revokedAt } = credential;
  if (revokedAt !== null && Date.parse(revokedAt) <= now) return 'revoked';
  if (expiresAt !== null && Date.parse(expiresAt) <= now) return 'expired';
  return 'active';
}

/** @throws CliError when the text is no id */
export function idOf(text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new CliError(`"${text}" is not an id; ids are whole numbers.`, { hints: ['The list shows them.'] });
}
