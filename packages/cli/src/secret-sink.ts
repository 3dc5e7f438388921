import { type FileHandle, open, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { CliError } from './cli-error.js';
import type { Context } from './program.js';
import { assertLoggedIn } from './settings/profile-store.js';

/** Flags that say where a new secret goes. */
export interface SecretFlags {
  save?: boolean;
  out?: string;
  show?: boolean;
}

/** Adds the flags of {@link SecretFlags}. */
export function secretOptions(command: Command, saved: string): Command {
  return command
    .option('--save', saved)
    .option('--out <file>', 'write the secret to a new file that only you can read')
    .option('--show', 'print the secret to stdout, once');
}

/** Where a secret goes that the server shows only once. */
export interface SecretSink {
  /** Called with the answer's secret. */
  put(secret: string): Promise<void>;
  /** Called instead when there was no answer. */
  discard(): Promise<void>;
}

/**
 * Gets ready to take a secret, before it is made: one that could not be kept afterwards would be lost.
 *
 * @param save what `--save` does
 * @throws CliError when no flag, or more than one, says where it goes, the file exists, or nobody is logged in
 */
export async function openSecretSink(
  { flags, out, host, session }: Context<SecretFlags>,
  save: (secret: string) => Promise<void>,
): Promise<SecretSink> {
  const chosen = [flags.save, flags.out !== undefined, flags.show].filter(Boolean).length;
  if (chosen !== 1) {
    throw new CliError('Say where the secret goes; it can be had only once.', {
      hints: [
        'Keep it for the commands of loguro: --save',
        'Write it to a new file that only you can read: --out FILE',
        'Print it: --show',
      ],
    });
  }
  if (flags.save) {
    await assertLoggedIn(host, session);
    return { put: save, discard: async () => undefined };
  }
  if (flags.out === undefined)
    return { put: async (secret) => out.data(`${secret}\n`), discard: async () => undefined };
  const path = resolve(host.cwd, flags.out);
  const file = await create(path, flags.out);
  return {
    async put(secret) {
      await file.writeFile(`${secret}\n`);
      await file.close();
      await out.note(`The secret is in ${flags.out}.`);
    },
    async discard() {
      await file.close();
      await rm(path, { force: true });
    },
  };
}

/** Makes a secret and hands it to the sink; nothing is left behind when it can't be made. */
export async function intoSink<T extends { secret: string }>(
  sink: SecretSink,
  make: () => Promise<T>,
): Promise<Omit<T, 'secret'>> {
  const made = await make().catch(async (error: unknown) => {
    await sink.discard();
    throw error;
  });
  const { secret, ...rest } = made;
  await sink.put(secret);
  return rest;
}

async function create(path: string, shown: string): Promise<FileHandle> {
  return open(path, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'EEXIST' ? 'exists already' : `can't be written (${error.code})`;
    throw new CliError(`${shown} ${why}.`, { hints: ['Name a file that does not exist yet.'], cause: error });
  });
}
