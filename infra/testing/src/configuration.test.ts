import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

const root = new URL('../../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');

const PARTS = {
  Gateway: 'gateway/src/config.ts',
  'Control plane': 'services/control-plane/src/config.ts',
  'Ingest API': 'services/ingest/src/api/config.ts',
  'Ingest worker': 'services/ingest/src/worker/config.ts',
  'Migration and administration': 'services/control-plane/src/admin/config.ts',
};

/** The variables in a section of the page, those of every process included. */
function documented(section: string): Set<string> {
  const page = read('docs/configuration.md');
  const body = (title: string) => page.split(`\n## ${title}\n`)[1]?.split('\n## ')[0] ?? '';
  return new Set((body('Every process') + body(section)).match(/LOGURO_[A-Z_]+/g));
}

test.each(Object.entries(PARTS))('%s: every variable it reads is documented', (section, file) => {
  const variables = new Set(read(file).match(/LOGURO_[A-Z_]*[A-Z]/g));
  expect(variables.size).toBeGreaterThan(2);
  expect([...variables].filter((name) => !documented(section).has(name))).toEqual([]);
});

test.each(Object.entries(PARTS))('%s: no variable is documented that it does not read', (section, file) => {
  const source = read(file) + read('services/control-plane/src/admin/config.ts');
  const own = read('docs/configuration.md').split(`\n## ${section}\n`)[1]?.split('\n## ')[0] ?? '';
  expect((own.match(/LOGURO_[A-Z_]+/g) ?? []).filter((name) => !source.includes(`'${name}'`))).toEqual([]);
});

test.each(Object.entries(PARTS))('%s: the documented defaults are the real ones', (section, file) => {
  const page = read('docs/configuration.md');
  const rows = `${page.split('\n## Every process\n')[1]?.split('\n## ')[0]}${page.split(`\n## ${section}\n`)[1]?.split('\n## ')[0]}`;
  const plain = [...read(file).matchAll(/integer\(\s*'(LOGURO_[A-Z_]+)',\s*([\d_]+),/g)];
  for (const [, name, number] of plain) {
    const row = rows.split('\n').find((line) => line.startsWith(`| \`${name}\``));
    expect(`${name}: ${row}`).toContain(String(Number(number?.replaceAll('_', ''))));
  }
});
