// Builds the package: as ES modules and as CommonJS, each with its own declarations, because a shared .d.ts would be
// read as the wrong kind of module by one of the two; and once more for browsers, where nothing of Node can be had.
import { spawnSync } from 'node:child_process';
import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
const typescript = dirname(createRequire(import.meta.url).resolve('typescript/package.json'));

rmSync(dist, { recursive: true, force: true });
for (const config of ['tsconfig.build.json', 'tsconfig.cjs.json']) {
  const args = [join(typescript, 'bin/tsc'), '-p', config];
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
writeFileSync(join(dist, 'cjs/package.json'), '{ "type": "commonjs" }\n');

cpSync(join(dist, 'esm'), join(dist, 'browser'), { recursive: true, filter: (path) => !/\.d\.ts(\.map)?$/.test(path) });
writeFileSync(join(dist, 'browser/http/local-fetch.js'), "export { localFetch } from './local-fetch.browser.js';\n");
rmSync(join(dist, 'browser/http/local-fetch.js.map'));
for (const kind of ['esm', 'cjs']) {
  for (const end of ['.js', '.js.map', '.d.ts', '.d.ts.map'])
    rmSync(join(dist, `${kind}/http/local-fetch.browser${end}`));
}
