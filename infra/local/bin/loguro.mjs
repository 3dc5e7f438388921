#!/usr/bin/env node
// `npx pnpm loguro …`: the command line of this checkout, built when it has not been yet. Unlike other scripts of the
// workspace it works in the folder it was called from, because its arguments name the caller's files.
import { existsSync } from 'node:fs';

const program = new URL('../../../packages/cli/dist/package/bin/loguro.mjs', import.meta.url);
if (!existsSync(program)) {
  const { build } = await import('../../build.mjs');
  if (!build(['@loguro/cli'])) {
    console.error('The build failed, see above; nothing was done.');
    process.exit(1);
  }
}
if (process.env.INIT_CWD !== undefined) process.chdir(process.env.INIT_CWD);
await import(program);
