// `prisma generate` first downloads a schema engine that generating does not use, from a host that many
// networks block. Naming any existing executable as that engine skips the download.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const manifest = createRequire(import.meta.url).resolve('prisma/package.json');
const { status } = spawnSync(process.execPath, [join(dirname(manifest), 'build/index.js'), 'generate'], {
  stdio: ['ignore', 'ignore', 'inherit'],
  env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, CHECKPOINT_DISABLE: '1' },
});
process.exitCode = status ?? 1;
