#!/usr/bin/env node
// `npx pnpm start`: builds what changed, then runs the stack until Ctrl-C. With --no-build it runs what was
// built before.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`Loguro needs Node 20.19 or newer; this is ${process.versions.node}.`);
  process.exit(1);
}
const began = performance.now();
const { build } = await import('../../build.mjs');
if (!process.argv.includes('--no-build') && !build(['@loguro/local'])) {
  console.error('The build failed, see above; nothing was started.');
  process.exit(1);
}
const { runLocal } = await import('../dist/main.js');
await runLocal(performance.now() - began);
