import { type CommandResult, type Environment, parseOptions, takeArgument, UsageError } from '@loguro/types/operations';
import { backUp } from './backup.js';
import { loadOwnerUrl, loadRestoreConfig, postgresPrograms } from './config.js';
import { restore } from './restore.js';

/** `backup FILE` */
export async function runBackup(argv: readonly string[], env: Environment): Promise<CommandResult> {
  const [file, rest] = takeArgument(argv, 'The name of the backup file');
  parseOptions(rest, {});
  const backup = await backUp({ ownerUrl: loadOwnerUrl(env), file, programs: postgresPrograms(env) });
  const text = `Backed up to ${backup.file}: ${backup.bytes} bytes, begun ${backup.begunAt}. It holds everything that was stored by then, and every secret but LOGURO_SECRET_KEY: keep that one apart.`;
  return { json: backup, text };
}

/** `restore FILE [--id-gap N]` */
export async function runRestore(argv: readonly string[], env: Environment): Promise<CommandResult> {
  const [file, rest] = takeArgument(argv, 'The name of the backup file');
  const options = parseOptions(rest, { 'id-gap': { type: 'string' } });
  const gap = options['id-gap'];
  if (gap !== undefined && !/^\d{1,8}$/.test(String(gap))) throw new UsageError('--id-gap must be a whole number.');
  const restored = await restore({
    ...loadRestoreConfig(env),
    file,
    programs: postgresPrograms(env),
    ...(gap !== undefined && { idGap: Number(gap) }),
  });
  const { projects, datasets, lastDatasetId, applied, secretKeyChecked } = restored;
  const lines = [
    `Restored: projects ${projects}, datasets ${datasets}. The next dataset gets an id above ${lastDatasetId}.`,
    ...(applied.length > 0 ? [`Migrated to this release: ${applied.join(', ')}`] : []),
    ...(secretKeyChecked
      ? []
      : ['LOGURO_SECRET_KEY is not set here, so nobody looked whether it opens the signing keys: doctor can.']),
    'Tokens and keys revoked after the backup was made work again: revoke them once more. Then start the services; leave the queue as it is.',
  ];
  return { json: restored, text: lines.join('\n') };
}
