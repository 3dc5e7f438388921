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

/** What every process reads by OpenTelemetry's names. */
const TRACES = 'packages/telemetry/src/config.ts';

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

test('traces: the documented variables are those that are read, with their real defaults', () => {
  const source = read(TRACES);
  const rows = (read('docs/configuration.md').split('\n## Traces\n')[1]?.split('\n## ')[0] ?? '').split('\n');
  const names = (text: string) => [...new Set(text.match(/OTEL_[A-Z_]*[A-Z]/g))].sort();
  const cells = rows.filter((row) => row.startsWith('| `')).map((row) => row.split(' | ')[0] ?? '');
  expect(names(cells.join())).toEqual(names([...source.matchAll(/'(OTEL_[A-Z_]+)'/g)].join()));
  const numbers = [...source.matchAll(/integer\(\s*'(OTEL_[A-Z_]+)',\s*([\d_]+),/g)];
  expect(numbers).toHaveLength(4);
  for (const [, name, number] of numbers) {
    const row = rows.find((line) => line.startsWith(`| \`${name}\``));
    expect(row?.split(' | ')[1]).toBe(String(Number(number?.replaceAll('_', ''))));
  }
});
