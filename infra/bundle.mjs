// Bundles a service's entry points with all they import: node ../../infra/bundle.mjs main.js admin/main.js, in the
// service's folder, once tsc has filled its dist/. An entry stays where it is and keeps its name; what entries share, and
// what is only loaded when it is needed, goes to dist/chunks. Reading a few files instead of a thousand more than halves
// the time a process takes to start. The other files of dist/ are for those that import single modules.
import { mkdirSync, rmSync } from 'node:fs';
import { build } from 'esbuild';
import { NODE_BUNDLE } from './bundle-options.mjs';

rmSync('dist/chunks', { recursive: true, force: true });
mkdirSync('dist/chunks');
await build({
  ...NODE_BUNDLE,
  entryPoints: process.argv.slice(2).map((entry) => `dist/${entry}`),
  outbase: 'dist',
  outdir: 'dist',
  allowOverwrite: true,
  chunkNames: 'chunks/[name]-[hash]',
  // Faster where they are there, and none of ours needs them.
  external: ['pg-native', 'msgpackr-extract'],
});
