// Jest loads the modules of each test file anew, one by one: typebox's 370 took longer than most of the tests. In jest
// it is one file (see jest.config.mjs); nothing else uses this one.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { NODE_BUNDLE } from '../../bundle-options.mjs';

const types = new URL('../../../packages/types/package.json', import.meta.url);
await build({
  ...NODE_BUNDLE,
  splitting: false,
  banner: {},
  entryPoints: [createRequire(types).resolve('typebox')],
  outfile: fileURLToPath(new URL('../dist/typebox.mjs', import.meta.url)),
});
