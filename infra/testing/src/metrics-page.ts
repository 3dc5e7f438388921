import { readFileSync } from 'node:fs';

/** A row of docs/metrics.md. */
export interface DocumentedMetric {
  name: string;
  type: string;
  labels: readonly string[];
}

const PAGE = new URL('../../../docs/metrics.md', import.meta.url);
/** On every process; `prom-client` has more of them than we document, and fewer on some systems. */
const SHARED = 'Every process';

/** The metrics of docs/metrics.md by the heading they stand under. */
export function documentedMetrics(): Map<string, DocumentedMetric[]> {
  const sections = new Map<string, DocumentedMetric[]>();
  for (const part of readFileSync(PAGE, 'utf8').split('\n## ').slice(1)) {
    const [title = ''] = part.split('\n', 1);
    const rows = [...part.matchAll(/^\| `(\w+)` \| (\w+) \|([^|]*)\|/gm)];
    sections.set(
      title,
      rows.map(([, name = '', type = '', labels = '']) => ({
        name,
        type,
        labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label ?? ''),
      })),
    );
  }
  return sections;
}

/**
 * Compares what a process answered on `/metrics` with its section of docs/metrics.md, both ways: names, types, and the
 * labels of those that have samples.
 *
 * @param absent documented metrics that this process has no reason to show
 * @returns a sentence for each difference
 */
export function undocumented(section: string, exposition: string, absent: readonly string[] = []): string[] {
  const page = documentedMetrics();
  const documented = page.get(section) ?? [];
  const shown = readExposition(exposition);
  const problems: string[] = documented.length === 0 ? [`docs/metrics.md has no section "${section}".`] : [];
  for (const { name, type, labels } of [...documented, ...(page.get(SHARED) ?? [])]) {
    const found = shown.get(name);
    if (found === undefined) {
      if (!absent.includes(name)) problems.push(`${name} is documented, and not there.`);
      continue;
    }
    if (found.type !== type) problems.push(`${name} is a ${found.type}, and documented as a ${type}.`);
    for (const seen of found.labelSets) {
      const [is, says] = [[...seen].sort().join(), [...labels].sort().join()];
      if (is !== says) problems.push(`${name} has the labels "${is}", and documented are "${says}".`);
    }
  }
  const names = new Set([...documented, ...(page.get(SHARED) ?? [])].map(({ name }) => name));
  for (const name of shown.keys()) {
    if (name.startsWith('loguro_') && !names.has(name)) problems.push(`${name} is there, and not documented.`);
  }
  return [...new Set(problems)];
}

interface ShownMetric {
  type: string;
  labelSets: string[][];
}

/** Names, types and labels of Prometheus' text exposition format 0.0.4. */
function readExposition(text: string): Map<string, ShownMetric> {
  const metrics = new Map<string, ShownMetric>();
  for (const [, name = '', type = ''] of text.matchAll(/^# TYPE (\w+) (\w+)$/gm))
    metrics.set(name, { type, labelSets: [] });
  for (const [, sample = '', labels = ''] of text.matchAll(/^(\w+)(?:\{(.*)\})? \S+$/gm)) {
    const metric = metrics.get(sample) ?? metrics.get(sample.replace(/_(bucket|sum|count)$/, ''));
    const seen = [...labels.matchAll(/(\w+)="(?:[^"\\]|\\.)*"/g)].map(([, label]) => label ?? '');
    metric?.labelSets.push(seen.filter((label) => label !== 'le'));
  }
  return metrics;
}
