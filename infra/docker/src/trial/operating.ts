import type { Client } from './client.js';
import { holds } from './command.js';
import { OURS } from './crashes.js';
import type { Project } from './project.js';

/** Commands that look and change nothing, with words of a good answer. */
const LOOKING: [string[], RegExp][] = [
  [['doctor'], /All is well\./],
  [['books'], /pending/i],
  [['failed', 'list'], /No job has failed/],
  [['failed', 'replay', '--dry-run'], /No job has failed/],
  [['dead-letters', 'list'], /There are no dead letters/],
  [['retention'], /Numbers/i],
  [['signing-keys', 'list'], /signing/],
];

/** Every command of loguro-admin that looks; the workers have to have stored everything. */
export async function answersOperators(project: Project): Promise<void> {
  for (const [args, expected] of LOOKING) {
    const printed = await project.admin(...args);
    holds(expected.test(printed), `loguro-admin ${args.join(' ')} says: ${printed}`);
  }
}

/** Backs up, puts an empty database in the old one's place, restores, and starts again. */
export async function restores(project: Project, client: Client, dataset: number): Promise<void> {
  const before = JSON.stringify(await client.stored(dataset));
  await project.admin('backup', 'trial.dump');
  const backup = await project.compose('run', '--rm', '-T', '--entrypoint', 'cat', 'admin', 'trial.dump');
  holds(backup.startsWith('PGDMP'), "A backup can't be taken out of its volume.");
  await project.compose('stop', ...OURS);
  const anew = 'dropdb --username=postgres --force loguro && createdb --username=postgres loguro';
  await project.compose('exec', '-T', 'postgres', 'sh', '-c', anew);
  await project.admin('restore', 'trial.dump');
  await project.compose('up', '--detach');
  await project.healthy();
  const after = JSON.stringify(await client.stored(dataset));
  holds(before === after, `Before the backup: ${before}; restored: ${after}.`);
}

/** New passwords for every role and the queue, and a new signing key under a new secret key. */
export async function renewsSecrets(project: Project): Promise<void> {
  const before = await project.secrets();
  await project.admin('signing-keys', 'rotate');
  const names = ['control_password', 'query_password', 'ingest_password', 'redis_password'];
  await project.compose('run', '--rm', '-T', 'secrets', '--renew', names.join(','));
  // Before the processes are told: they drain with the passwords they have.
  await project.compose('down');
  await project.compose('up', '--detach');
  await project.healthy();
  const LOGURO_NEW_SECRET_KEY = Buffer.alloc(32, 7).toString('base64');
  const withNew = ['run', '--rm', '-T', '-e', 'LOGURO_NEW_SECRET_KEY'];
  await project.composeWith({ LOGURO_NEW_SECRET_KEY }, ...withNew, 'admin', 'signing-keys', 'reencrypt');
  await project.composeWith({ LOGURO_NEW_SECRET_KEY }, ...withNew, 'secrets');
  await project.compose('up', '--detach', '--force-recreate', 'control-plane');
  await project.healthy();
  const after = await project.secrets();
  const kept = Object.keys(after).filter((name) => before[name] === after[name]);
  holds(
    kept.join() === 'postgres_password' && after.secret_key === LOGURO_NEW_SECRET_KEY,
    `Not renewed: ${kept.join(', ')}.`,
  );
}
