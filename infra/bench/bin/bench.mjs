#!/usr/bin/env node
// `npx pnpm bench`: every suite; `npx pnpm bench gateway`: one; `--save` adds the figures to docs/benchmarks.md.
// Builds first.
import { build } from '../../build.mjs';

if (!build(['@loguro/bench'])) {
  console.error('The build failed; nothing was measured.');
  process.exit(1);
}
const { runSuites } = await import('../dist/run.js');
process.exitCode = await runSuites(process.argv.slice(2), console.log);
