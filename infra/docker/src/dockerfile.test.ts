import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { ROOT } from './compose.js';
import { readDockerfile } from './images.js';
import { PROCESSES } from './processes.js';

const { images, copies, args } = readDockerfile();
const text = readFileSync(join(ROOT, 'infra/docker/Dockerfile'), 'utf8');
const readJson = (path: string) => JSON.parse(readFileSync(join(ROOT, path), 'utf8'));
/** What .dockerignore lets through; it begins by keeping everything out. */
const [everything, ...patterns] = readFileSync(join(ROOT, '.dockerignore'), 'utf8').trim().split('\n');
const allowed = patterns.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
const isLetThrough = (path: string) =>
  allowed.some((pattern) => new RegExp(`^${pattern.replaceAll('*', '[^/]*')}(/|$)`).test(path));

/** What is put into /out, by its name there, and where it is built. */
const BUILT: Record<string, string> = {
  'control-plane': 'services/control-plane',
  ingest: 'services/ingest',
  gateway: 'gateway',
  admin: 'infra/admin',
};

test('everything that is copied from the repository exists, and .dockerignore lets it through', () => {
  expect(everything).toBe('**');
  const sources = copies.filter(({ from }) => from === undefined).flatMap(({ sources }) => sources);
  expect(sources.length).toBeGreaterThan(3);
  for (const source of sources.filter((one) => one !== '.')) {
    expect([source, existsSync(join(ROOT, source))]).toEqual([source, true]);
    expect([source, isLetThrough(source)]).toEqual([source, true]);
  }
  for (const pattern of allowed.filter((one) => !one.includes('*'))) {
    expect([pattern, existsSync(join(ROOT, pattern))]).toEqual([pattern, true]);
  }
});

test('everything that is copied from a stage comes from one that is there, and was put there', () => {
  for (const { from, sources } of copies.filter((copy) => copy.from !== undefined)) {
    expect([...images.keys()]).toContain(from);
    if (from !== 'build') continue;
    for (const source of sources) {
      const [, name = ''] = /^\/out\/([\w-]+)$/.exec(source) ?? [];
      if (BUILT[name] === undefined) expect(text).toContain(`mkdir ${source}`);
      else expect(text).toMatch(new RegExp(`for folder in [^;]*(?<= )${BUILT[name]}\\b[^;]*; do[^;]*\\bout=/out/`));
    }
  }
});

test('every package in an image brings along only packages that .dockerignore lets through', () => {
  const packages = [...new Set(Object.values(BUILT))];
  const folders = new Map(
    ['packages/types', 'packages/telemetry', ...packages].map((folder) => [
      readJson(`${folder}/package.json`).name,
      folder,
    ]),
  );
  for (const folder of packages) {
    const { name, dependencies } = readJson(`${folder}/package.json`);
    expect(text).toContain(`--filter '${name}...'`);
    const own = Object.entries<string>(dependencies).filter(([, version]) => version.startsWith('workspace:'));
    for (const [dependency] of own) {
      expect([dependency, isLetThrough(folders.get(dependency) ?? '')]).toEqual([dependency, true]);
    }
  }
});

test('every program of the repository that a build runs is let through by .dockerignore', () => {
  const programs = Object.values(BUILT).flatMap((folder) => {
    const { scripts } = readJson(`${folder}/package.json`);
    const [, ...runs] = `${scripts.generate ?? ''} ${scripts.build ?? ''}`.split(/\bnode (?=\S+\.mjs\b)/);
    return runs.map((run) => join(folder, run.split(' ', 1)[0] ?? ''));
  });
  expect(programs).toContain('infra/bundle.mjs');
  const imported = programs.flatMap((program) => {
    const names = [...readFileSync(join(ROOT, program), 'utf8').matchAll(/ from '(\.[^']+)'/g)].map(
      ([, name = '']) => name,
    );
    return names.map((name) => join(dirname(program), name));
  });
  for (const program of [...programs, ...imported]) {
    expect([program, isLetThrough(program)]).toEqual([program, true]);
  }
});

test('the programs that the images run are built from sources that are there', () => {
  const folder: Record<string, string> = { 'ingest-api': 'services/ingest', 'ingest-worker': 'services/ingest' };
  for (const { name } of PROCESSES) {
    const program = images.get(name)?.command.at(-1) ?? '';
    const source = join(ROOT, folder[name] ?? BUILT[name] ?? '', program.replace(/^dist(.*)\.js$/, 'src$1.ts'));
    expect([name, existsSync(source)]).toEqual([name, true]);
  }
  const { entrypoint = [] } = images.get('admin') ?? {};
  const bin = entrypoint.at(-1)?.replace('/app/admin/', 'infra/admin/') ?? '';
  expect(statSync(join(ROOT, bin)).isFile()).toBe(true);
});

test('every image of ours runs as an ordinary user, and is told to stop by SIGTERM', () => {
  for (const name of [...PROCESSES.map((process) => process.name), 'admin']) {
    expect([name, images.get(name)?.user]).toEqual([name, '1000:1000']);
  }
  // What inherits from PostgreSQL's image would be told by SIGINT.
  expect(text.match(/^STOPSIGNAL SIGTERM$/gm)).toHaveLength(2);
});

test('pnpm is of the version that the repository is pinned to', () => {
  expect(`pnpm@${args.PNPM_VERSION}`).toBe(readJson('package.json').packageManager);
});
