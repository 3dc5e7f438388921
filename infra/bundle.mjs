// Bundles a program's entry points with all they import: node ../../infra/bundle.mjs main.js admin/main.js, in the folder of
// its package, once tsc has filled its dist/. An entry stays where it is and keeps its name; what entries share, and what is
// only loaded when it is needed, goes to dist/chunks. With package.json these run by themselves; the licences of what is in
// them are beside them. Reading a few files instead of a thousand more than halves the time a process takes to start. The
// other files of dist/ are for those that import single modules.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';
import { noticesOf } from './bundle-notices.mjs';
import { NODE_BUNDLE } from './bundle-options.mjs';

rmSync('dist/chunks', { recursive: true, force: true });
mkdirSync('dist/chunks');
const { metafile } = await build({
  ...NODE_BUNDLE,
  entryPoints: process.argv.slice(2).map((entry) => `dist/${entry}`),
  outbase: 'dist',
  outdir: 'dist',
  allowOverwrite: true,
  chunkNames: 'chunks/[name]-[hash]',
  // Faster where they are there, and none of ours needs them.
  external: ['pg-native', 'msgpackr-extract'],
  metafile: true,
});
const { name } = JSON.parse(readFileSync('package.json', 'utf8'));
writeFileSync('dist/THIRD-PARTY-NOTICES.txt', noticesOf(name, metafile, '.'));
