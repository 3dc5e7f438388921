#!/usr/bin/env node
// `node infra/recovery/bin/two-releases.mjs`: runs two releases side by side, upgrades and goes back under load; see --help.
import { build, ROOT } from '../../build.mjs';

if (!build(['@loguro/recovery-checks'])) {
  console.error('The build failed, see above; nothing was tried.');
  process.exit(1);
}
const { main } = await import('../dist/two-releases/main.js');
process.exitCode = await main(process.argv.slice(2), ROOT);
