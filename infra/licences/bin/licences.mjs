// Prints docs/licences.md, or with --write writes it. Fails when a package's licence is not on the list.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** Permissive ones, which ask for no more than to be named. A copyleft or unknown licence needs a decision first. */
const ALLOWED = ['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'BlueOak-1.0.0', 'ISC', 'MIT'];
/** What is shipped: benchmarks, tests and the local stack are not. */
const SHIPPED = ['./packages/*', './services/*', './gateway'].flatMap((folder) => ['--filter', folder]);
/** Packages with a binary for one platform; which of them are there depends on the machine. */
const FOR_ONE_PLATFORM = /-(darwin|linux|win32|windows|freebsd|android)(-|$)/;

const listed = execFileSync('npx', ['pnpm', ...SHIPPED, 'licenses', 'list', '--json', '--prod'], {
  cwd: ROOT,
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'ignore'],
  maxBuffer: 64 * 1024 * 1024,
});
const packages = Object.entries(JSON.parse(listed.slice(listed.indexOf('{'))))
  .flatMap(([licence, entries]) => entries.map(({ name, versions }) => ({ licence, name, versions })))
  .filter(({ name }) => !name.startsWith('@loguro/') && !FOR_ONE_PLATFORM.test(name))
  .sort((a, b) => (a.name < b.name ? -1 : 1));
if (packages.length === 0) throw new Error('pnpm listed no package: is everything installed?');

const refused = packages.filter(({ licence }) => !ALLOWED.includes(licence));
for (const { name, licence } of refused) console.error(`${name}: ${licence} is not on the list of licences.`);
if (refused.length > 0) process.exit(1);

const page = `# Licences

Every package that the services, the gateway, the SDK and the command line bring with them, and what it is licensed under. Written by
\`node infra/licences/bin/licences.mjs --write\`; CI fails when it is out of date, and when a licence is none of ${ALLOWED.join(', ')}.

| Package | Version | Licence |
|---|---|---|
${packages.map(({ name, versions, licence }) => `| ${name} | ${versions.join(', ')} | ${licence} |`).join('\n')}
`;
if (process.argv.includes('--write')) writeFileSync(new URL('../../../docs/licences.md', import.meta.url), page);
else process.stdout.write(page);
