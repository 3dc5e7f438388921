#!/usr/bin/env node
// `npx pnpm demo`: loads real flights into a running stack (or starts one for the time being) and asks questions
// whose answers it knows. `npx pnpm demo --records 3000000` loads all there are.
import { build } from '../../build.mjs';

if (!process.argv.includes('--no-build') && !build(['@loguro/demo'])) {
  console.error('The build failed, see above; nothing was loaded.');
  process.exit(1);
}
const { runDemo } = await import('../dist/main.js');
await runDemo();
