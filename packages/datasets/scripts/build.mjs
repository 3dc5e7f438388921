// Builds the package: as ES modules and as CommonJS, each with its own declarations, because a shared .d.ts would be
// read as the wrong kind of module by one of the two; and once more for browsers, where nothing of Node can be had.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const next = join(root, '.build');
const dist = join(root, 'dist');
const typescript = dirname(createRequire(import.meta.url).resolve('typescript/package.json'));

rmSync(next, { recursive: true, force: true });
for (const [config, folder] of [
  ['tsconfig.build.json', 'esm'],
  ['tsconfig.cjs.json', 'cjs'],
]) {
  const args = [join(typescript, 'bin/tsc'), '-p', config, '--outDir', join(next, folder)];
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
writeFileSync(join(next, 'cjs/package.json'), '{ "type": "commonjs" }\n');

cpSync(join(next, 'esm'), join(next, 'browser'), { recursive: true, filter: (path) => !/\.d\.ts(\.map)?$/.test(path) });
writeFileSync(join(next, 'browser/http/local-fetch.js'), "export { localFetch } from './local-fetch.browser.js';\n");
rmSync(join(next, 'browser/http/local-fetch.js.map'));
for (const kind of ['esm', 'cjs']) {
  for (const end of ['.js', '.js.map', '.d.ts', '.d.ts.map'])
    rmSync(join(next, `${kind}/http/local-fetch.browser${end}`));
}

// Whoever runs from the build meanwhile must not find it half-written.
rmSync(`${next}-old`, { recursive: true, force: true });
if (existsSync(dist)) renameSync(dist, `${next}-old`);
renameSync(next, dist);
rmSync(`${next}-old`, { recursive: true, force: true });
