#!/usr/bin/env node
// Usage: node infra/recovery/bin/make-fixture.mjs REVISION NAME
// Writes infra/recovery/fixtures/NAME.sql and NAME.json: see docs/operations/upgrades.md.
import { build, ROOT } from '../../build.mjs';

const [revision, name] = process.argv.slice(2);
if (revision === undefined || name === undefined) {
  console.error('Usage: node infra/recovery/bin/make-fixture.mjs REVISION NAME');
  process.exit(2);
}
if (!build(['@loguro/recovery-checks'])) process.exit(1);
const { makeFixture } = await import('../dist/make-fixture.js');
await makeFixture({ root: ROOT, revision, name, say: console.log });
