import type { Command } from 'commander';
import { columnsOf } from '../output/formats.js';
import type { Context, Registry } from '../program.js';

export function addWhoami(program: Command, registry: Registry): void {
  program
    .command('whoami')
    .description('Show whose token is used, where, and what it may reach.')
    .addHelpText('after', '\nExamples:\n  $ loguro whoami\n  $ loguro whoami --json\n')
    .action(registry.run(whoami));
}

async function whoami({ session, out }: Context): Promise<undefined> {
  const settings = await session.settings();
  const client = await session.account();
  const { account, token } = await client.me({ signal: session.signal });
  const projects = await client.projects.list({ signal: session.signal });
  const row = {
    account: account.email,
    name: account.name,
    token: token.name,
    expires: token.expiresAt ?? 'never',
    'token from': settings.token?.source,
    service: settings.apiUrl.value,
    ingest: settings.ingestUrl.value,
    project: settings.project?.value ?? (projects.length === 1 ? projects[0]?.slug : undefined),
    projects: projects.map(({ slug, role }) => `${slug} (${role})`).join(', '),
  };
  const where = { apiUrl: settings.apiUrl, ingestUrl: settings.ingestUrl, project: settings.project ?? null };
  const document = { account, token, tokenSource: settings.token?.source, ...where, projects };
  await out.item(row, columnsOf(...Object.keys(row)), document);
  return undefined;
}
