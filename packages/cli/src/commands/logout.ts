import type { Command } from 'commander';
import type { Context, Registry } from '../program.js';
import { readCredentials, removeCredentials, writeCredentials } from '../settings/credentials-file.js';

export function addLogout(program: Command, registry: Registry): void {
  program
    .command('logout')
    .description('Forget the stored token and project keys of a service.')
    .option('--all', 'of every service')
    .addHelpText(
      'after',
      '\nThe token itself goes on working; revoke it with: loguro tokens revoke\n\nExamples:\n  $ loguro logout\n',
    )
    .action(registry.run<{ all?: boolean }>(logout));
}

async function logout({ host, session, out, flags }: Context<{ all?: boolean }>): Promise<undefined> {
  const { configDir } = host.config;
  if (flags.all) {
    await removeCredentials(configDir);
    await out.note('Everything stored was removed.');
    return undefined;
  }
  const apiUrl = (await session.settings()).apiUrl.value;
  const credentials = await readCredentials(configDir);
  if (credentials.profiles[apiUrl] === undefined) {
    await out.note(`Nothing is stored for ${apiUrl}.`);
    return undefined;
  }
  delete credentials.profiles[apiUrl];
  if (credentials.current === apiUrl) delete credentials.current;
  await writeCredentials(configDir, credentials);
  await out.note(`Logged out of ${apiUrl}. The token goes on working until it is revoked.`);
  return undefined;
}
