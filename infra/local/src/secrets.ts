import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { readJson, writePrivateJson } from './files.js';
import { UserError } from './user-error.js';

const NAMES = ['superuserPassword', 'controlPassword', 'queryPassword', 'ingestPassword', 'secretKey'] as const;

/** What one data folder's processes authenticate with, made once. */
export type Secrets = Record<(typeof NAMES)[number], string>;

/**
 * The folder's secrets; undefined when it has none yet.
 *
 * @throws UserError when the file is damaged
 */
export function readSecrets(dataFolder: string): Secrets | undefined {
  const path = join(dataFolder, 'secrets.json');
  let content: unknown;
  try {
    content = readJson(path);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw damaged(path);
  }
  if (content === undefined) return undefined;
  const secrets = content as Partial<Secrets>;
  if (NAMES.some((name) => typeof secrets[name] !== 'string')) throw damaged(path);
  return secrets as Secrets;
}

/** Makes and keeps new secrets; `secretKey` is 32 bytes in base64. */
export function createSecrets(dataFolder: string): Secrets {
  const password = () => randomBytes(24).toString('base64url');
  const secrets: Secrets = {
    superuserPassword: password(),
    controlPassword: password(),
    queryPassword: password(),
    ingestPassword: password(),
    secretKey: randomBytes(32).toString('base64'),
  };
  writePrivateJson(join(dataFolder, 'secrets.json'), secrets);
  return secrets;
}

function damaged(path: string): UserError {
  return new UserError(
    `${path} is damaged. Put back a good copy; or, to start afresh and lose what is stored, delete the whole folder.`,
  );
}
