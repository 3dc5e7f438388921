/** esbuild's options for a program that runs on Node by itself: infra/bundle.mjs has those of services, packages/cli its own. */
export const NODE_BUNDLE = {
  bundle: true,
  // What is only loaded when it is needed stays in a file of its own.
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  legalComments: 'none',
  logLevel: 'warning',
  // Some libraries are CommonJS: they ask for Node's modules with `require`, and where they are.
  banner: {
    js: [
      "import { createRequire as $createRequire } from 'node:module';",
      "import { dirname as $dirname } from 'node:path';",
      "import { fileURLToPath as $fileURLToPath } from 'node:url';",
      'const require = $createRequire(import.meta.url);',
      'const __filename = $fileURLToPath(import.meta.url);',
      'const __dirname = $dirname(__filename);',
    ].join(' '),
  },
};
