import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  findSystemPostgres,
  freePort,
  giveTo,
  initialiseCluster,
  type SystemPostgres,
  startPostgresServer,
  unprivilegedUser,
  waitFor,
  withClient,
  withUrl,
} from '@loguro/servers';
import { adminJson } from './admin.js';
import { type Fixture, fixtureFile, toFile } from './fixture.js';
import { createInstallation } from './installation.js';
import { answersOf, openShop, order, storedNumbers } from './shop.js';

/** In fixtures each role's password is its name, as in the test kit. */
const PASSWORDS = { control: 'loguro_control', query: 'loguro_query', ingest: 'loguro_ingest' };

/** Options of {@link makeFixture}. */
export interface MakeFixtureOptions {
  /** This repository. */
  root: string;
  /** Whatever git understands: a tag, a commit. */
  revision: string;
  /** Of the two files to write. */
  name: string;
  say: (line: string) => void;
}

/** Builds an earlier revision, works with it, and writes down what it stored and what it answered. */
export async function makeFixture({ root, revision, name, say }: MakeFixtureOptions): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'loguro-fixture-'));
  try {
    const checkout = join(folder, 'checkout');
    checkOut(root, revision, checkout);
    say('Installing and building it …');
    const pnpm = (...args: string[]) => execFileSync('npx', ['pnpm', ...args], { cwd: checkout, stdio: 'ignore' });
    pnpm('install', '--frozen-lockfile');
    pnpm('exec', 'turbo', 'run', 'build', '--filter=@loguro/control-plane', '--filter=@loguro/ingest');
    say('Working with it …');
    const binaries = findSystemPostgres({ path: process.env.PATH ?? '', say });
    const [sql, fixture] = await withServer(join(folder, 'postgres'), binaries, async (superuserUrl) => {
      await withClient(superuserUrl, (client) => client.query('CREATE DATABASE loguro'));
      const ownerUrl = withUrl(superuserUrl, { database: 'loguro' });
      const worked = await work(checkout, ownerUrl);
      return [dump(binaries, ownerUrl), worked] as const;
    });
    writeFileSync(fixtureFile(name, 'sql'), sql);
    writeFileSync(fixtureFile(name, 'json'), toFile(fixture));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function checkOut(root: string, revision: string, folder: string): void {
  mkdirSync(folder);
  const archive = execFileSync('git', ['archive', revision], { cwd: root, maxBuffer: 2 ** 30 });
  execFileSync('tar', ['--extract', '--directory', folder], { input: archive });
}

async function withServer<T>(
  parent: string,
  binaries: SystemPostgres,
  use: (superuserUrl: string) => Promise<T>,
): Promise<T> {
  mkdirSync(parent);
  giveTo(unprivilegedUser(), parent);
  // PostgreSQL's user has to get here.
  chmodSync(join(parent, '..'), 0o711);
  const [folder, password] = [join(parent, 'data'), 'fixture'];
  await initialiseCluster({ folder, password, durable: false, binaries });
  const server = await startPostgresServer({ folder, port: await freePort(), password, log: 'ignore', binaries });
  try {
    return await use(server.url);
  } finally {
    await server.stop();
  }
}

/** The queue is in the database as well, with some records that were accepted and not stored yet. */
async function work(checkout: string, ownerUrl: string): Promise<Fixture> {
  const secretKey = randomBytes(32).toString('base64');
  const installation = await createInstallation({ ownerUrl, passwords: PASSWORDS, secretKey, root: checkout });
  try {
    await adminJson(['migrate'], installation.adminEnv, installation.adminProgram);
    await installation.start('control');
    await installation.start('ingest', 'worker');
    const shop = await openShop(installation);
    const send = async (numbers: number[]) => {
      const body = numbers.map(order);
      const { status } = await installation.post(`/datasets/${shop.orders}/batch`, { key: shop.key, body });
      if (status !== 202) throw new Error(`records were answered ${status}`);
    };
    await send(Array.from({ length: 40 }, (_, n) => n));
    const stored = () => storedNumbers(ownerUrl, shop.orders, 'amount');
    await waitFor(async () => (await stored()).length === 40, { timeoutMs: 60_000, what: 'the records to be stored' });
    await installation.processes.worker.end('SIGTERM');
    const answers = await answersOf(installation, shop);
    const wrong = Object.entries(answers).filter(([, { status }]) => status !== 200);
    if (wrong.length > 0) throw new Error(`This revision does not answer ${wrong.map(([path]) => path).join(', ')}`);
    const waiting = [40, 41, 42];
    await send(waiting);
    return { secretKey, shop, waiting, answers };
  } finally {
    await installation.kill();
  }
}

/** Plain SQL that any client can send: no COPY, and none of psql's own commands. */
function dump({ folder }: SystemPostgres, ownerUrl: string): string {
  const args = ['--format=plain', '--rows-per-insert=100', `--dbname=${ownerUrl}`];
  const sql = execFileSync(join(folder, 'pg_dump'), args, { encoding: 'utf8', maxBuffer: 2 ** 28 });
  return sql.replaceAll(/^\\(un)?restrict .*\n/gm, '');
}
