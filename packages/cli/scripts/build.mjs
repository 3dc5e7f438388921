// Builds the command line twice: dist/, file by file, from which the bundle is made; and dist/package, what is published,
// and what tests and checkouts start:
// everything it runs on in one bundle, since the workspace's packages can't be had from a registry, and so that
// installing it fetches nothing else and starting it reads a few files instead of hundreds.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { noticesOf } from '../../../infra/bundle-notices.mjs';
import { NODE_BUNDLE } from '../../../infra/bundle-options.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const next = join(root, 'dist/.package');
const target = join(root, 'dist/package');
const typescript = dirname(createRequire(import.meta.url).resolve('typescript/package.json'));

const { status } = spawnSync(process.execPath, [join(typescript, 'bin/tsc'), '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
});
if (status !== 0) process.exit(status ?? 1);

rmSync(next, { recursive: true, force: true });
mkdirSync(next);
const { metafile } = await build({
  ...NODE_BUNDLE,
  absWorkingDir: root,
  entryPoints: { main: 'dist/main.js' },
  outdir: join(next, 'dist'),
  metafile: true,
});
writeFileSync(join(next, 'package.json'), `${JSON.stringify(publishedManifest(), null, 2)}\n`);
writeFileSync(join(next, 'THIRD-PARTY-NOTICES.txt'), noticesOf('loguro', metafile, root));
cpSync(join(root, 'bin'), join(next, 'bin'), { recursive: true });
cpSync(join(root, 'README.md'), join(next, 'README.md'));
cpSync(join(root, '../../LICENSE'), join(next, 'LICENSE'));

// Whoever packs meanwhile must not find it half-written.
rmSync(`${next}-old`, { recursive: true, force: true });
if (existsSync(target)) renameSync(target, `${next}-old`);
renameSync(next, target);
rmSync(`${next}-old`, { recursive: true, force: true });

/** The manifest without what only a checkout needs: dependencies are in the bundle. */
function publishedManifest() {
  const { scripts, dependencies, devDependencies, publishConfig, ...manifest } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  );
  const { directory, linkDirectory, ...publishing } = publishConfig;
  return { ...manifest, publishConfig: publishing };
}
