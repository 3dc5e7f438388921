#!/usr/bin/env node
import { existsSync } from 'node:fs';

const program = new URL('../dist/main.js', import.meta.url);
// In a checkout where only `npx pnpm start` was used so far. Images come built, and without that script.
if (!existsSync(program)) {
  const { build } = await import('../../build.mjs');
  if (!build(['@loguro/admin'])) {
    console.error('The build failed, see above; nothing was done.');
    process.exit(1);
  }
}
const { main } = await import(program);

process.exitCode = await main(process.argv.slice(2), process.env);
