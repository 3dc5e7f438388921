#!/usr/bin/env node
// `node infra/docker/bin/trial.mjs`: tries the stack in containers on the Docker engine of this machine; see --help.
import { build } from '../../build.mjs';

if (!build(['@loguro/docker'])) {
  console.error('The build failed, see above; nothing was tried.');
  process.exit(1);
}
const { main } = await import('../dist/trial/main.js');
process.exitCode = await main(process.argv.slice(2));
