import type { SyntaxNode } from '@lezer/common';
import { documentedMetrics } from '@loguro/testing';
import { parser } from '@prometheus-io/lezer-promql';

/** Labels that Prometheus itself or its discovery gives to everything it scrapes, and those of histograms. */
const LABELS_OF_THE_SCRAPE = ['job', 'instance', 'namespace', 'pod', 'le'];

/** What a PromQL expression speaks of. */
interface Mentioned {
  metrics: Set<string>;
  labels: Set<string>;
}

/** Reads an expression with Prometheus' own grammar. Grafana's `$__rate_interval` stands for five minutes. */
function read(expression: string): Mentioned {
  const text = expression.replaceAll('$__rate_interval', '5m');
  const mentioned: Mentioned = { metrics: new Set(), labels: new Set() };
  parser.parse(text).iterate({
    enter({ name, type, from, to, node }) {
      if (type.isError) throw new Error(`It is no PromQL, at "${text.slice(from, to + 20)}".`);
      if (name === 'Identifier' && isSelector(node.parent)) mentioned.metrics.add(text.slice(from, to));
      if (name === 'LabelName') mentioned.labels.add(text.slice(from, to));
    },
  });
  return mentioned;
}

function isSelector(node: SyntaxNode | null): boolean {
  return node?.name === 'VectorSelector';
}

/**
 * Checks an expression against docs/metrics.md: every metric is there, in the form its type has, and every label is one
 * that some metric of the expression is documented to have.
 *
 * @returns a sentence for each fault
 */
export function faultsOf(expression: string): string[] {
  let mentioned: Mentioned;
  try {
    mentioned = read(expression);
  } catch (error) {
    return [`${expression}: ${(error as Error).message}`];
  }
  const documented = new Map([...documentedMetrics().values()].flat().map((metric) => [metric.name, metric]));
  const problems: string[] = [];
  const labels = new Set(LABELS_OF_THE_SCRAPE);
  if (mentioned.metrics.size === 0) problems.push(`${expression}: it names no metric.`);
  for (const name of mentioned.metrics) {
    const histogram = documented.get(name.replace(/_(bucket|sum|count)$/, ''));
    const metric = histogram?.type === 'histogram' ? histogram : documented.get(name);
    // A histogram has no samples under its own name.
    if (metric === undefined || (metric.type === 'histogram' && metric.name === name)) {
      problems.push(`${expression}: docs/metrics.md has no ${name}.`);
    }
    for (const label of metric?.labels ?? []) labels.add(label);
  }
  for (const label of mentioned.labels) {
    if (!labels.has(label)) problems.push(`${expression}: no metric in it has a label "${label}".`);
  }
  return problems;
}
