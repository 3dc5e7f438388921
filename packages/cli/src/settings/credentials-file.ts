import { chmod, mkdir, readFile, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { CliError } from '../cli-error.js';

/** What is remembered for one control plane. */
export interface Profile {
  /** A personal access token. */
  token: string;
  /** Base URL of ingest that belongs to this control plane; keys are sent nowhere else. */
  ingestUrl: string;
  /** Slug of the project used when a command names none. */
  project?: string;
  /** Project API keys by project slug. */
  projectKeys?: Record<string, string>;
}

/** The credentials file. Profiles are found by the control plane's URL, so a token never goes to another host. */
export interface Credentials {
  version: 1;
  /** URL of the control plane used when a command names none. */
  current?: string;
  profiles: Record<string, Profile>;
}

/** Only the owner may read the file, and list its folder. */
const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

export function credentialsPath(configDir: string): string {
  return join(configDir, 'credentials.json');
}

/**
 * @returns no profiles when there is no file
 * @throws CliError when others can read the file, or it isn't ours
 */
export async function readCredentials(configDir: string): Promise<Credentials> {
  const path = credentialsPath(configDir);
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
    throw new CliError(`The credentials file ${path} can't be read (${error.code}).`, {
      hints: [`Make it readable for you alone: chmod 600 ${path}`],
    });
  });
  if (text === null) return { version: 1, profiles: {} };
  await refuseWhenShared(path);
  const credentials = parse(text);
  if (credentials === null) {
    throw new CliError(`The credentials file ${path} is damaged.`, {
      hints: [`Remove it and log in again: rm ${path} && loguro login`],
    });
  }
  return credentials;
}

/** Replaces the file in one step; it and a folder that has to be made are readable for the owner alone. */
export async function writeCredentials(configDir: string, credentials: Credentials): Promise<void> {
  const path = credentialsPath(configDir);
  try {
    await mkdir(dirname(path), { recursive: true, mode: FOLDER_MODE });
    await writeFileAtomic(path, `${JSON.stringify(credentials, null, 2)}\n`, { mode: FILE_MODE });
    await chmod(path, FILE_MODE);
  } catch (error) {
    throw new CliError(`The credentials file ${path} can't be written (${(error as NodeJS.ErrnoException).code}).`, {
      hints: ['Set LOGURO_CONFIG_DIR to a folder you can write to, or use LOGURO_TOKEN instead of logging in.'],
      cause: error,
    });
  }
}

/** Removes the file; nothing happens when there is none. */
export async function removeCredentials(configDir: string): Promise<void> {
  await rm(credentialsPath(configDir), { force: true });
}

/** As ssh does with private keys: a secret that others could have read is not used silently. */
async function refuseWhenShared(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const { mode } = await stat(path);
  if ((mode & 0o077) === 0) return;
  throw new CliError(`The credentials file ${path} can be read by others (mode ${(mode & 0o777).toString(8)}).`, {
    hints: [
      `Close it: chmod 600 ${path}`,
      'If others have access to this machine, rotate the token: loguro tokens rotate',
    ],
  });
}

function parse(text: string): Credentials | null {
  try {
    const value: unknown = JSON.parse(text);
    return isCredentials(value) ? value : null;
  } catch {
    return null;
  }
}

function isCredentials(value: unknown): value is Credentials {
  if (typeof value !== 'object' || value === null) return false;
  const { version, profiles } = value as Partial<Credentials>;
  if (version !== 1 || typeof profiles !== 'object' || profiles === null) return false;
  return Object.values(profiles).every((p) => typeof p?.token === 'string' && typeof p.ingestUrl === 'string');
}
