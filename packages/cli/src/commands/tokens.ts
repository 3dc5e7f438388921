import type { Token } from '@loguro/datasets';
import type { Command } from 'commander';
import { expiry, spanSeconds } from '../arguments.js';
import { confirmOrRefuse } from '../confirm.js';
import { type Column, columnsOf, type Row } from '../output/formats.js';
import type { Context, Registry } from '../program.js';
import { intoSink, openSecretSink, type SecretFlags, secretOptions } from '../secret-sink.js';
import { updateProfile } from '../settings/profile-store.js';
import { idOf, stateOf } from './keys.js';

const COLUMNS: Column[] = [
  { key: 'id', align: 'right' },
  ...columnsOf('name', 'state', 'createdAt', 'lastUsedAt', 'expiresAt'),
];
const SAVE = 'log in with it from now on';

export function addTokens(program: Command, { run }: Registry): void {
  const tokens = program.command('tokens').description('Manage the personal access tokens of your account.');
  tokens.command('list').alias('ls').description('List the tokens, without their secrets.').action(run(list));
  secretOptions(tokens.command('create').argument('<name>', 'what it is for, such as "ci"'), SAVE)
    .description('Create a token. Its secret can be had only now.')
    .option('--expires <when>', 'a span such as 90d, or a timestamp')
    .action(run<SecretFlags & { expires?: string }>(create));
  secretOptions(tokens.command('rotate').argument('[id]', 'default: the one in use'), SAVE)
    .description('Replace a token. The old one works on for the overlap.')
    .option('--overlap <span>', 'such as 10m or 24h', '0s')
    .action(run<SecretFlags & { overlap: string }>(rotate));
  tokens
    .command('revoke')
    .argument('<id>')
    .option('--yes', 'do not ask')
    .description('Revoke a token, everywhere and at once.')
    .action(run<{ yes?: boolean }>(revoke));
}

async function list({ session, out, host }: Context): Promise<undefined> {
  const tokens = await (await session.account()).tokens.list({ signal: session.signal });
  await out.rows(
    tokens.map((token) => rowOf(token, host.now())),
    COLUMNS,
    { document: { tokens } },
  );
  return undefined;
}

async function create(context: Context<SecretFlags & { expires?: string }>, name: string): Promise<undefined> {
  const { session, flags, host } = context;
  const { tokens } = await session.account();
  const sink = await openSecretSink(context, (secret) => storeToken(context, secret));
  const body = { name, ...(flags.expires !== undefined && { expiresAt: expiry(flags.expires, host.now()) }) };
  await describe(context, await intoSink(sink, () => tokens.create(body, { signal: session.signal })));
  return undefined;
}

async function rotate(context: Context<SecretFlags & { overlap: string }>, id?: string): Promise<undefined> {
  const { session, flags } = context;
  const overlapSeconds = spanSeconds(flags.overlap, '--overlap');
  const client = await session.account();
  const wanted = id === undefined ? (await client.me({ signal: session.signal })).token.id : idOf(id);
  const sink = await openSecretSink(context, (secret) => storeToken(context, secret));
  const made = () => client.tokens.rotate(wanted, { overlapSeconds }, { signal: session.signal });
  await describe(context, await intoSink(sink, made));
  return undefined;
}

async function revoke({ host, session, out, flags }: Context<{ yes?: boolean }>, id: string): Promise<undefined> {
  const client = await session.account();
  const { token: current } = await client.me({ signal: session.signal });
  const own = current.id === idOf(id) ? ' It is the one in use here.' : '';
  await confirmOrRefuse(host, flags.yes, `Revoke token ${id}?${own}`);
  await client.tokens.revoke(idOf(id), { signal: session.signal });
  await out.note(`The token ${id} is revoked.`);
  return undefined;
}

async function storeToken({ host, session }: Context<SecretFlags>, secret: string): Promise<void> {
  await updateProfile(host, session, (profile) => {
    profile.token = secret;
  });
}

async function describe({ out, flags, host }: Context<SecretFlags>, token: Token): Promise<void> {
  if (flags.show) await out.note(`The secret of token ${token.id} "${token.name}". It can't be shown again.`);
  else await out.item(rowOf(token, host.now()), COLUMNS, { token });
}

function rowOf(token: Token, now: number): Row {
  return { ...token, state: stateOf(token, now) };
}
