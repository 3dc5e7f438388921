import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

const root = new URL('../../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');
const listed = execFileSync('git', ['ls-files', '*package.json'], { cwd: fileURLToPath(root) });

interface Manifest {
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
}

/** Packages of others, by name; our own, and types of what is named itself, need no reason. */
const dependencies = new Set(
  String(listed)
    .trim()
    .split('\n')
    .map((path) => JSON.parse(read(path)) as Manifest)
    .flatMap((manifest) => Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }))
    .filter((name) => !name.startsWith('@loguro/') && !name.startsWith('@types/')),
);
const page = read('docs/dependencies.md');

test('every dependency is on docs/dependencies.md, with what it is for', () => {
  expect(dependencies.size).toBeGreaterThan(40);
  expect([...dependencies].filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});

test('what docs/dependencies.md gives a reason for is a dependency', () => {
  const reasons = page.split('\n').filter((line) => line.startsWith('- '));
  const named = reasons.flatMap((line) =>
    [...(line.split(' — ')[0] ?? '').matchAll(/`([@a-z][^`*\s]*)`/g)].map(([, name]) => name),
  );
  expect(named.length).toBeGreaterThan(40);
  expect(named.filter((name) => !dependencies.has(name ?? ''))).toEqual([]);
});
