import type { Member } from '@loguro/datasets';
import { nearestName, ROLES, type Role } from '@loguro/types';
import { Argument, type Command } from 'commander';
import { CliError } from '../cli-error.js';
import { confirmOrRefuse } from '../confirm.js';
import { EXIT } from '../exit-codes.js';
import { type Column, columnsOf } from '../output/formats.js';
import type { Context, Registry } from '../program.js';

const COLUMNS: Column[] = [
  { key: 'accountId', title: 'account', align: 'right' },
  ...columnsOf('email', 'name', 'role'),
];

export function addMembers(program: Command, { run }: Registry): void {
  const members = program.command('members').description('List, add and remove the members of the project.');
  const role = () =>
    new Argument('<role>', 'viewers read and query, editors also change datasets, owners do everything').choices(ROLES);
  members.command('list').alias('ls').description('List the members of the project.').action(run(list));
  members
    .command('add')
    .argument('<email>', 'of an account that exists')
    .addArgument(role())
    .description('Add an account to the project.')
    .action(run(add));
  members
    .command('set-role')
    .argument('<member>', 'e-mail address or account id')
    .addArgument(role())
    .description("Change a member's role.")
    .action(run(setRole));
  members
    .command('remove')
    .argument('<member>', 'e-mail address or account id')
    .option('--yes', 'do not ask')
    .description('Remove a member from the project.')
    .action(run<{ yes?: boolean }>(remove));
}

async function list({ session, out }: Context): Promise<undefined> {
  const members = await (await clientOf(session)).list({ signal: session.signal });
  await out.rows(
    members.map((member) => ({ ...member })),
    COLUMNS,
    { document: { members } },
  );
  return undefined;
}

async function add({ session, out }: Context, email: string, role: string): Promise<undefined> {
  const member = await (await clientOf(session)).add({ email, role: role as Role }, { signal: session.signal });
  await out.item({ ...member }, COLUMNS, { member });
  return undefined;
}

async function setRole({ session, out }: Context, reference: string, role: string): Promise<undefined> {
  const { accountId } = await find(session, reference);
  const member = await (await clientOf(session)).setRole(accountId, role as Role, { signal: session.signal });
  await out.item({ ...member }, COLUMNS, { member });
  return undefined;
}

async function remove(
  { host, session, out, flags }: Context<{ yes?: boolean }>,
  reference: string,
): Promise<undefined> {
  const member = await find(session, reference);
  await confirmOrRefuse(host, flags.yes, `Remove ${member.email} from the project ${await session.project()}?`);
  await (await clientOf(session)).remove(member.accountId, { signal: session.signal });
  await out.note(`${member.email} is no longer a member.`);
  return undefined;
}

async function clientOf(session: Context['session']) {
  return (await session.account()).members(await session.project());
}

async function find(session: Context['session'], reference: string): Promise<Member> {
  const members = await (await clientOf(session)).list({ signal: session.signal });
  const found = members.find(
    ({ accountId, email }) => String(accountId) === reference || email.toLowerCase() === reference.toLowerCase(),
  );
  if (found !== undefined) return found;
  const near = nearestName(
    reference,
    members.map(({ email }) => email),
  );
  throw new CliError(`"${reference}" is not a member of the project ${await session.project()}.`, {
    exitCode: EXIT.notFound,
    hints: [...(near === undefined ? [] : [`Did you mean ${near}?`]), 'List the members: loguro members list'],
  });
}
