import { type CommandResult, type Environment, parseOptions, takeArgument, UsageError } from '@loguro/types/operations';
import { loadSecretKey, loadSecretKeys } from './config.js';
import {
  listSigningKeys,
  reencryptSigningKeys,
  retireSigningKey,
  rotateSigningKey,
  type SigningKeyStatus,
} from './signing-keys.js';
import { withDatabase } from './with-database.js';

/** `signing-keys …`; `argv` begins behind it. */
export async function runSigningKeys(argv: readonly string[], env: Environment): Promise<CommandResult> {
  const [command, ...args] = argv;
  switch (command) {
    case 'list':
      return list(args, env);
    case 'rotate':
      return rotate(args, env);
    case 'retire':
      return retire(args, env);
    case 'reencrypt':
      return reencrypt(args, env);
    default:
      throw new UsageError('signing-keys needs one of: list, rotate, retire, reencrypt.');
  }
}

async function list(args: string[], env: Environment): Promise<CommandResult> {
  parseOptions(args, {});
  const keys = await withDatabase(env, listSigningKeys);
  const text = keys.length === 0 ? 'There is no signing key yet: the control plane makes one.' : keys.map(line);
  return { json: { keys }, text: [text].flat().join('\n') };
}

function line({ kid, state, createdAt, liveKeys, projects }: SigningKeyStatus): string {
  const where = projects.map((project) => `\n  ${project.slug}: ${project.liveKeys}`).join('');
  return `${kid}  ${state.padEnd(9)}  since ${createdAt}  project API keys in use: ${liveKeys}${where}`;
}

async function rotate(args: string[], env: Environment): Promise<CommandResult> {
  parseOptions(args, {});
  const secretKey = loadSecretKey(env);
  const created = await withDatabase(env, (database) => rotateSigningKey(database, secretKey));
  const text = `The signing key ${created.kid} signs new project API keys from now on. Those signed before stay good until you retire the key that signed them.`;
  return { json: created, text };
}

async function retire(args: string[], env: Environment): Promise<CommandResult> {
  const [kid, rest] = takeArgument(args, 'The id of a signing key');
  const options = parseOptions(rest, { force: { type: 'boolean' } });
  const input = { kid, force: options.force === true };
  const retired = await withDatabase(env, (database) => retireSigningKey(database, input));
  const ended = `Project API keys that ended with it: ${retired.liveKeys}.`;
  return { json: retired, text: `The signing key ${retired.kid} is retired. ${ended}` };
}

async function reencrypt(args: string[], env: Environment): Promise<CommandResult> {
  parseOptions(args, {});
  const secrets = loadSecretKeys(env);
  const keys = await withDatabase(env, (database) => reencryptSigningKeys(database, secrets));
  const text = `Signing keys encrypted anew: ${keys}. Give every control plane the new LOGURO_SECRET_KEY and restart it; with the old one it can't start any more.`;
  return { json: { keys }, text };
}
