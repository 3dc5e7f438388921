import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { call } from '@loguro/local';
import { waitFor } from '@loguro/servers';
import { stringify } from 'yaml';
import { holds, succeed } from './command.js';
import type { Project } from './project.js';

/** What needs a migrated database, or what does. */
const NEED_DATABASE = ['control-plane', 'ingest-api', 'ingest-worker', 'gateway'];

/** With a password that the database refuses, the migration fails, says so, and nothing of ours starts. */
export async function startsNothingUnmigrated(project: Project): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'loguro-trial-'));
  try {
    const file = join(folder, 'broken.yml');
    const environment = { LOGURO_MIGRATE_DATABASE_URL: 'postgres://postgres:wrong@postgres:5432/loguro' };
    writeFileSync(file, stringify({ services: { migrate: { environment } } }));
    const { code, output } = await project.tryCompose(['-f', 'docker-compose.yml', '-f', file, 'up', '--detach']);
    holds(code !== 0, 'With a migration that fails, `up` reports success.');
    holds(output.includes('migrate') || output.includes('control-plane'), `\`up\` does not say what failed: ${output}`);
    const running = (await project.containers(...NEED_DATABASE)).filter(({ state }) => state.status === 'running');
    holds(
      running.length === 0,
      `${running.map(({ service }) => service).join(', ')} runs without a migrated database.`,
    );
    const { state } = await project.container('migrate');
    holds(state.status === 'exited' && state.exitCode === 1, `migrate is ${state.status} with ${state.exitCode}.`);
    const log = await project.compose('logs', '--no-color', 'migrate');
    holds(log.includes('The database refuses the password in the URL.'), `migrate says only: ${log}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Makes the first account with the command of docs/docker.md, and gives its token. */
export async function createAccount(project: Project): Promise<string> {
  const printed = await project.admin(
    'create-account',
    '--email',
    'you@example.com',
    '--name',
    'You',
    '--project',
    'Local',
  );
  const [pat] = /pat_\w+/.exec(printed) ?? [];
  holds(pat !== undefined, `create-account printed no token: ${printed}`);
  return pat;
}

/** The three curl lines of the README, pasted. */
export async function followsReadme(project: Project, pat: string, key: string): Promise<void> {
  const readme = readFileSync(join(project.folder, 'README.md'), 'utf8');
  const [, block = ''] = /```sh\n(# 1\.[\s\S]*?)```/.exec(readme) ?? [];
  const [schema, record, question, ...others] = block.replaceAll(':8080', `:${project.port}`).split(/^(?=# \d\.)/m);
  holds(question !== undefined && others.length === 0, 'The README has not three curl lines.');
  const env = { PAT: pat, PROJECT_KEY: key };
  const paste = async (lines = '') =>
    JSON.parse(await succeed('bash', ['-euc', lines], { env })) as Record<string, unknown>;
  holds((await paste(schema)).schema !== undefined, 'The first line of the README registers no schema.');
  holds((await paste(record)).status === 'queued', 'The second line of the README is not accepted.');
  const answered = async () =>
    JSON.stringify((await paste(question)).rows) === '[{"country":"RO","count":1,"revenue":42.5}]';
  await waitFor(answered, { timeoutMs: 20_000, intervalMs: 250, what: "the README's record to be found" });
}

/** Nothing but the gateway leads into the installation, and it knows its two host names. */
export async function routesByHost(project: Project): Promise<void> {
  const published = (await project.containers()).filter(({ published }) => published.length > 0);
  const ports = published.map(({ service, published }) => `${service}: ${published.join(', ')}`);
  holds(ports.join() === `gateway: ${project.port}`, `Published are ${ports.join('; ')}.`);
  const statusOf = async (baseUrl: string) => (await call({ baseUrl, method: 'GET', path: '/api/me' })).status;
  const statuses = [await statusOf(project.apiUrl), await statusOf(project.ingestUrl)];
  const unknown = await statusOf(`http://unknown.example:${project.port}`);
  holds([...statuses, unknown].join() === '401,404,421', `The gateway answers ${statuses.join(', ')} and ${unknown}.`);
}
