#!/usr/bin/env node
// `npx pnpm test`: builds, starts PostgreSQL and Redis, runs jest, tears everything down.
// Arguments go to jest: `node infra/testing/bin/test.mjs gateway -t "unknown host"`.
import { build, ROOT } from '../../build.mjs';

const args = process.argv.slice(2);
// Chosen tests need the kit itself and the command that migrates; the rest of theirs runs from source.
const chosen = args.length > 0;
if (!build(chosen ? ['@loguro/testing', '@loguro/control-plane'] : []) && !chosen) {
  console.error('The build failed; no test was run.');
  process.exit(1);
}
const { runTests } = await import('../dist/run.js');
process.exitCode = await runTests({ root: ROOT, args, env: process.env, say: console.log });
