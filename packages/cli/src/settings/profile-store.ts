import { CliError } from '../cli-error.js';
import { EXIT } from '../exit-codes.js';
import type { Host } from '../host.js';
import type { Session } from '../session.js';
import { type Profile, readCredentials, writeCredentials } from './credentials-file.js';

/**
 * Makes sure that something can be kept for the service in use.
 *
 * @throws CliError when nobody is logged in there: what is kept would not be found again
 */
export async function assertLoggedIn(host: Host, session: Session): Promise<void> {
  const { apiUrl } = await session.settings();
  const { profiles } = await readCredentials(host.config.configDir);
  if (profiles[apiUrl.value] !== undefined) return;
  throw new CliError(`Nothing is stored for ${apiUrl.value} that this could be added to.`, {
    exitCode: EXIT.credential,
    hints: ['Log in first: loguro login', 'Or use LOGURO_TOKEN, LOGURO_PROJECT_KEY and LOGURO_PROJECT.'],
  });
}

/** Changes what is stored for the service in use. */
export async function updateProfile(host: Host, session: Session, change: (profile: Profile) => void): Promise<void> {
  await assertLoggedIn(host, session);
  const { apiUrl } = await session.settings();
  const credentials = await readCredentials(host.config.configDir);
  change(credentials.profiles[apiUrl.value] as Profile);
  await writeCredentials(host.config.configDir, credentials);
}

/** Keeps a project API key for the current project, beside the token. */
export async function storeProjectKey(host: Host, session: Session, secret: string): Promise<void> {
  const project = await session.project();
  await updateProfile(host, session, (profile) => {
    profile.projectKeys = { ...profile.projectKeys, [project]: secret };
  });
}
