#!/usr/bin/env node
// For a machine that reaches Debian's mirror and the npm registry, but no image registry: makes images from Debian's packages
// and the Node of this machine, under the very names that docker-compose.yml and infra/docker/Dockerfile use. They serve to
// try the stack, not to run it. Needs root, Linux, a Docker engine and `debootstrap`; makes only what is missing.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const STAND_INS = join(ROOT, 'infra/docker/stand-ins');

/** The Debian each is made of: that of its tag, but for PostgreSQL the one that has its major version. */
const POSTGRES_IN_DEBIAN = { 15: 'bookworm', 17: 'trixie' };

function run(program, args, options = {}) {
  const { status, error, stdout } = spawnSync(program, args, { stdio: ['ignore', 'inherit', 'inherit'], ...options });
  if (error !== undefined) throw new Error(`${program} could not be run: ${error.message}`);
  if (status !== 0) throw new Error(`${program} ${args.slice(0, 4).join(' ')} … ended with ${status}.`);
  return stdout;
}

const exists = (image) => spawnSync('docker', ['image', 'inspect', image], { stdio: 'ignore' }).status === 0;

/** A minimal Debian as an image of its own. */
function debian(suite) {
  const image = `loguro-stand-in/debian:${suite}`;
  if (exists(image)) return image;
  const folder = mkdtempSync(join(tmpdir(), 'loguro-debian-'));
  try {
    run('debootstrap', ['--variant=minbase', '--include=ca-certificates', suite, join(folder, 'root')]);
    // Its lists of packages stay: what is built on it installs from them.
    run('sh', [
      '-c',
      `tar --create --directory "$1" --exclude ./var/cache/apt/archives . | docker import - "$2"`,
      'sh',
      join(folder, 'root'),
      image,
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return image;
}

function build(image, folder, suite, args = [], fill = () => undefined) {
  const context = mkdtempSync(join(tmpdir(), 'loguro-stand-in-'));
  try {
    cpSync(join(STAND_INS, folder), context, { recursive: true });
    fill(context);
    const options = ['--network', 'host', '--build-arg', `DEBIAN=${debian(suite)}`, ...args];
    run('docker', ['build', ...options, '--tag', image, context], { env: { ...process.env, DOCKER_BUILDKIT: '1' } });
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
}

/** npm, and the certificates this machine trusts: its registry may be behind a proxy with one of its own. */
function addNode(context) {
  cpSync(realpathSync(process.execPath), join(context, 'node'));
  const prefix = dirname(dirname(process.execPath));
  const npm = ['lib', 'share'].map((folder) => join(prefix, folder, 'node_modules/npm')).find(existsSync);
  if (npm === undefined) throw new Error(`There is no npm beside ${process.execPath}.`);
  cpSync(npm, join(context, 'npm'), { recursive: true });
  const bundle = '/etc/ssl/certs/ca-certificates.crt';
  writeFileSync(join(context, 'certificates.crt'), existsSync(bundle) ? readFileSync(bundle) : '');
}

function imageOf(file, pattern) {
  const found = pattern.exec(readFileSync(join(ROOT, file), 'utf8'))?.[1];
  if (found === undefined) throw new Error(`${file} names no image like ${pattern}.`);
  return found;
}

const node = imageOf('infra/docker/Dockerfile', /^ARG NODE_IMAGE=(\S+)/m);
const postgres = imageOf('docker-compose.yml', /image: (postgres:\S+)/);
const redis = imageOf('docker-compose.yml', /image: (redis:\S+)/);
const major = /:(\d+)/.exec(postgres)[1];

const makers = {
  [node]: () => build(node, 'node', 'bookworm', [], addNode),
  [redis]: () => build(redis, 'redis', 'bookworm'),
  [postgres]: () => build(postgres, 'postgres', POSTGRES_IN_DEBIAN[major], ['--build-arg', `MAJOR=${major}`]),
};
for (const [image, make] of Object.entries(makers)) {
  const there = exists(image);
  if (!there) make();
  console.log(`${image}: ${there ? 'is there' : 'made'}`);
}
