import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Reporter } from '@loguro/local';
import { freePort } from '@loguro/servers';
import { ROOT } from '../compose.js';
import { Client } from './client.js';
import { holds, run, succeed } from './command.js';
import { changesNothing, comesBack, stopsCleanly, survivesKills } from './crashes.js';
import { isHardened } from './hardening.js';
import { Load } from './load.js';
import { answersOperators, renewsSecrets, restores } from './operating.js';
import { Project } from './project.js';
import { sizes } from './sizes.js';
import { createAccount, followsReadme, routesByHost, startsNothingUnmigrated } from './starting.js';
import { traces } from './tracing.js';

const USAGE = `Usage: node infra/docker/bin/trial.mjs [--here] [--compose COMMAND]

Builds the images, starts the stack as docs/docker.md says, and tries what is promised of it on this machine's Docker
engine: start, defences, kills, restarts, backup. Everything it makes is deleted in the end. Takes some minutes.

  --here              the work tree as it is; default: a fresh clone of the last commit
  --compose COMMAND   default: "docker compose", else "docker-compose"

Where no image registry can be reached: node infra/docker/bin/stand-in-images.mjs, before.`;

const WORKERS = 'ingest-worker=3';

/** Runs the trial; the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: { here: { type: 'boolean' }, compose: { type: 'string' }, help: { type: 'boolean' } },
  });
  if (values.help === true) {
    console.log(USAGE);
    return 0;
  }
  try {
    await tryOn(await findCompose(values.compose), values.here === true);
    return 0;
  } catch (error) {
    console.error(`\n${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }
}

/** One project from its beginning to its end, whatever happens between. */
async function tryOn(program: string[], here: boolean): Promise<void> {
  const reporter = new Reporter(process.stdout);
  const temporary = mkdtempSync(join(tmpdir(), 'loguro-trial-'));
  const folder = here ? ROOT : join(temporary, 'clone');
  if (!here) await succeed('git', ['clone', '--quiet', ROOT, folder]);
  const project = new Project({ folder, name: 'loguro-trial', port: await freePort(), program });
  try {
    await tryAll(project, reporter);
  } catch (error) {
    reporter.say((await project.tryCompose(['logs', '--no-color', '--tail', '15'])).output);
    throw error;
  } finally {
    await project.delete();
    await project.deleteImages();
    rmSync(temporary, { recursive: true, force: true });
  }
}

async function tryAll(project: Project, reporter: Reporter): Promise<void> {
  const step = reporter.step.bind(reporter);
  await step('what an earlier trial left is deleted', () => project.delete());
  await step('the images are built', () => project.compose('--profile', 'tools', 'build'));
  for (const line of await sizes(project)) reporter.say(`      ${line}`);
  await step('a migration that fails says so, and nothing starts', () => startsNothingUnmigrated(project));
  await step('everything is healthy', async () => {
    await project.compose('up', '--detach');
    return project.healthy();
  });
  await step('no privileges, read-only, limits, no secret to be seen', () => isHardened(project));
  await step('only the gateway is published, and routes by host', () => routesByHost(project));
  const pat = await step('the first account', () => createAccount(project));
  const client = new Client(project, pat);
  const key = await client.key();
  await step("the README's three lines", () => followsReadme(project, pat, key));

  const dataset = await client.dataset();
  const load = new Load({ ingestUrl: project.ingestUrl, dataset, key, clients: 4 });
  const count = () =>
    step(
      'nothing is lost or doubled',
      () => client.storedExactly(dataset, load.accepted),
      () => `${load.accepted} records accepted, each stored once (${load.repeated} requests repeated)`,
    );
  await step('three workers', async () => {
    await project.compose('up', '--detach', '--scale', WORKERS);
    holds((await project.healthy()).length === 8, 'There are not three workers.');
  });
  load.start();
  await step(
    'kill -9 of every container under load',
    () => survivesKills(project, load),
    (victims) => `kill -9 of ${victims.length} containers under load, each back by itself`,
  );
  await load.stop();
  await count();

  load.start();
  await load.more(100);
  await step(
    'docker stop of each of ours ends with 0',
    () => stopsCleanly(project),
    (slowest) => `docker stop of each of ours ends with 0 (${slowest})`,
  );
  await step('up again changes neither secrets nor containers', () => changesNothing(project, WORKERS));
  await load.stop();
  await count();
  await step('down and up again keep the data', () => comesBack(project));
  await client.storedExactly(dataset, load.accepted);
  await step(
    'traces reach from the gateway to three workers',
    async () => traces(project, WORKERS, { pat, key, dataset: await client.dataset('Traced') }),
    (workers) => `traces reach from the gateway to the workers; ${workers} of three took part`,
  );
  await step('loguro-admin: doctor, books, failed jobs, dead letters, retention, signing keys', () =>
    answersOperators(project),
  );
  await step('loguro-admin: backup, and restore into an empty database', () => restores(project, client, dataset));
  await step('new passwords, signing key and secret key', () => renewsSecrets(project));
  load.start();
  await load.more(100);
  await load.stop();
  // With the token and the key from before.
  await count();
  await step('down --volumes leaves nothing', () => leavesNothing(project));
}

async function leavesNothing(project: Project): Promise<void> {
  await project.delete();
  const filter = ['--quiet', '--filter', 'label=com.docker.compose.project=loguro-trial'];
  const left = [await project.docker('volume', 'ls', ...filter), await project.docker('network', 'ls', ...filter)];
  holds(left.join('') === '' && (await project.containers()).length === 0, `Something is left: ${left.join(' ')}`);
}

async function findCompose(wanted: string | undefined): Promise<string[]> {
  const engine = await run('docker', ['version', '--format', '{{.Server.Version}}']).catch(() => undefined);
  holds(
    engine?.code === 0,
    `This needs a Docker engine that runs, and this machine has none: ${engine?.output ?? 'no docker'}`,
  );
  const candidates = wanted === undefined ? ['docker compose', 'docker-compose'] : [wanted];
  for (const candidate of candidates) {
    const program = candidate.split(' ');
    const found = await run(program[0] ?? '', [...program.slice(1), 'version']).catch(() => undefined);
    if (found?.code === 0) return program;
  }
  throw new Error(`There is neither of: ${candidates.join(', ')}.`);
}
