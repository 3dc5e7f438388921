import { AccountClient } from '@loguro/datasets';
import type { Command } from 'commander';
import { CliError } from '../cli-error.js';
import type { Context, Registry } from '../program.js';
import { assertPat, readSecret } from '../secrets.js';
import { credentialsPath, readCredentials, writeCredentials } from '../settings/credentials-file.js';
import type { Settings } from '../settings/settings.js';

export function addLogin(program: Command, registry: Registry): void {
  program
    .command('login')
    .description('Store a personal access token for the commands that follow.')
    .addHelpText(
      'after',
      `
The token is read from stdin, or asked for without showing it; it is never an argument. It is checked with the
server first, then written to a file that only you can read. With --local, token and project key of the local stack
are stored.
Use --project to also choose the project that commands work on.

Examples:
  $ loguro login
  $ loguro login < token.txt
  $ loguro login --api-url https://loguro.example.com --project web
`,
    )
    .action(registry.run(login));
}

async function login({ host, session, out, flags }: Context): Promise<undefined> {
  const settings = await session.settings();
  const token = flags.local ? await session.token() : await readSecret(host, 'personal access token');
  assertPat(token);
  const apiUrl = settings.apiUrl.value;
  const client = new AccountClient({ pat: token, baseUrl: apiUrl, fetch: host.fetch });
  const { account } = await client.me({ signal: host.signal });
  const projects = await client.projects.list({ signal: host.signal });
  const slugs = projects.map(({ slug }) => slug);
  const wanted = flags.project ?? (flags.local ? settings.project?.value : undefined);
  if (wanted !== undefined && !slugs.includes(wanted)) {
    throw new CliError(`${account.email} is not a member of a project "${wanted}".`, {
      hints: [slugs.length > 0 ? `Projects: ${slugs.join(', ')}` : 'The account has no project yet.'],
    });
  }
  const credentials = await readCredentials(host.config.configDir);
  const before = credentials.profiles[apiUrl];
  const remembered = before?.project !== undefined && slugs.includes(before.project) ? before.project : undefined;
  const project = wanted ?? remembered ?? (slugs.length === 1 ? slugs[0] : undefined);
  credentials.current = apiUrl;
  credentials.profiles[apiUrl] = {
    token,
    ingestUrl: settings.ingestUrl.value,
    ...(project !== undefined && { project }),
    // Keys belong to projects, not to tokens: those kept before go on working.
    projectKeys: { ...before?.projectKeys, ...localKey(settings, flags.local) },
  };
  await writeCredentials(host.config.configDir, credentials);
  if (out.format === 'json') return void (await out.json({ account, apiUrl, project: project ?? null }));
  await out.note(`Logged in to ${apiUrl} as ${account.email}; stored in ${credentialsPath(host.config.configDir)}.`);
  if (project !== undefined) await out.note(`Commands work on the project ${project}.`);
  else await out.note('Choose a project: loguro projects use SLUG');
  return undefined;
}

function localKey({ project, projectKey }: Settings, local: boolean | undefined): Record<string, string> {
  return local && project && projectKey ? { [project.value]: projectKey.value } : {};
}
