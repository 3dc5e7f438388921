import type { CliConfig } from '../config.js';
import { trimSlash } from '../config.js';
import { type Credentials, credentialsPath, readCredentials } from './credentials-file.js';
import { type LocalStack, readLocalStack } from './local-stack.js';

/** The public service; everything else is named by a flag, a variable or the login. */
const DEFAULT_API_URL = 'https://logu.ro';
const DEFAULT_INGEST_URL = 'https://ingest.logu.ro';

/** A value and where it came from, e.g. `LOGURO_TOKEN`; `doctor` and error texts name the source, never the secret. */
export interface Sourced {
  value: string;
  source: string;
}

/** Where to talk to, as whom. What is undefined wasn't given anywhere. */
export interface Settings {
  apiUrl: Sourced;
  ingestUrl: Sourced;
  project: Sourced | undefined;
  token: Sourced | undefined;
  projectKey: Sourced | undefined;
}

/** The flags that every command has. */
export interface SettingFlags {
  apiUrl?: string;
  ingestUrl?: string;
  project?: string;
  local?: boolean;
}

/**
 * Flags win over `--local`, that over the environment, that over the credentials file, that over the defaults.
 * A stored token goes only to the control plane it was stored for, a stored key only to its ingest.
 *
 * @throws CliError when the credentials file or the local stack's file can't be used
 */
export async function resolveSettings(flags: SettingFlags, config: CliConfig, cwd: string): Promise<Settings> {
  const local = flags.local ? await readLocalStack(cwd, config.dataDir) : undefined;
  const credentials = await readCredentials(config.configDir);
  return combine(flags, local, config, credentials);
}

/** {@link resolveSettings} without the reading. */
export function combine(
  flags: SettingFlags,
  local: LocalStack | undefined,
  config: CliConfig,
  credentials: Credentials,
): Settings {
  const file = credentialsPath(config.configDir);
  const apiUrl = first(
    from(flags.apiUrl, '--api-url'),
    from(local?.apiUrl, '--local'),
    from(config.apiUrl, 'LOGURO_API_URL'),
  ) ??
    from(credentials.current, file) ?? { value: DEFAULT_API_URL, source: 'default' };
  const profile = credentials.profiles[trimSlash(apiUrl.value)];
  const ingestUrl = first(
    from(flags.ingestUrl, '--ingest-url'),
    from(local?.ingestUrl, '--local'),
    from(config.ingestUrl, 'LOGURO_INGEST_URL'),
    from(profile?.ingestUrl, file),
  ) ?? { value: defaultIngestUrl(apiUrl.value), source: 'default' };
  const project = first(
    from(flags.project, '--project'),
    from(local?.project, '--local'),
    from(config.project, 'LOGURO_PROJECT'),
    from(profile?.project, file),
  );
  const sameIngest = profile !== undefined && trimSlash(ingestUrl.value) === trimSlash(profile.ingestUrl);
  const storedKey = sameIngest && project ? profile.projectKeys?.[project.value] : undefined;
  const localKey = project?.value === local?.project ? local?.projectKey : undefined;
  return {
    apiUrl: { ...apiUrl, value: trimSlash(apiUrl.value) },
    ingestUrl: { ...ingestUrl, value: trimSlash(ingestUrl.value) },
    project,
    token: first(from(local?.pat, '--local'), from(config.token, 'LOGURO_TOKEN'), from(profile?.token, file)),
    projectKey: first(from(localKey, '--local'), from(config.projectKey, 'LOGURO_PROJECT_KEY'), from(storedKey, file)),
  };
}

/**
 * Ingest beside a control plane: the public pair, or the same address with `ingest.` in front, as the
 * gateway routes it.
 */
export function defaultIngestUrl(apiUrl: string): string {
  if (trimSlash(apiUrl) === DEFAULT_API_URL) return DEFAULT_INGEST_URL;
  const url = new URL(apiUrl);
  const host = url.hostname === '127.0.0.1' ? 'localhost' : url.hostname;
  return `${url.protocol}//ingest.${host}${url.port ? `:${url.port}` : ''}`;
}

function from(value: string | undefined, source: string): Sourced | undefined {
  return value === undefined ? undefined : { value, source };
}

function first(...candidates: (Sourced | undefined)[]): Sourced | undefined {
  return candidates.find((candidate) => candidate !== undefined);
}
