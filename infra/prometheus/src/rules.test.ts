import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { faultsOf } from './promql.js';
import { findPromtool } from './promtool.js';

interface Rule {
  alert: string;
  expr: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

interface RuleTests {
  tests: { alert_rule_test: { alertname: string; exp_alerts: unknown[] }[] }[];
}

const folder = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
const rules = (parse(read('loguro.rules.yml')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  (group) => group.rules,
);
const names = rules.map(({ alert }) => alert);

describe('promtool', () => {
  let promtool: string;
  beforeAll(() => {
    promtool = findPromtool({ path: process.env.PATH ?? '', say: console.log });
  }, 120_000);

  const run = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(promtool, args, { cwd: folder, encoding: 'utf8' });
    return { status, output: stdout + stderr };
  };

  test('accepts the scrape configuration and the rules it loads', () => {
    const { status, output } = run('check', 'config', 'prometheus.yml');
    expect(`${status} ${output}`).toMatch(/^0 [\s\S]*valid prometheus config file[\s\S]*\d+ rules found/);
  });

  test('finds that each alert fires when it must, with the right words, and not before', () => {
    const { status, output } = run('test', 'rules', 'loguro.rules.test.yml');
    expect(`${status} ${output}`).toMatch(/^0 [\s\S]*SUCCESS/);
  });
});

test('every alert has a unit test in which it is silent, and one in which it fires', () => {
  const cases = (parse(read('loguro.rules.test.yml')) as RuleTests).tests.flatMap((block) => block.alert_rule_test);
  const seen = (fires: boolean) =>
    new Set(cases.filter(({ exp_alerts }) => exp_alerts.length > 0 === fires).map(({ alertname }) => alertname));
  expect(names.filter((name) => !seen(true).has(name) || !seen(false).has(name))).toEqual([]);
  expect(names.length).toBeGreaterThan(20);
});

test.each(rules.map((rule) => [rule.alert, rule] as const))('%s uses documented metrics and labels only', (_, rule) => {
  expect(faultsOf(rule.expr)).toEqual([]);
});

test('an expression that names something undocumented is found out', () => {
  expect(faultsOf('sum by (colour) (rate(loguro_gateway_requests_totals[5m]))')).toEqual([
    expect.stringContaining('has no loguro_gateway_requests_totals'),
    expect.stringContaining('"colour"'),
  ]);
  expect(faultsOf('rate(loguro_ingest_lag_seconds[5m])')).toEqual([
    expect.stringContaining('loguro_ingest_lag_seconds'),
  ]);
  expect(faultsOf('sum(up')).toEqual([expect.stringContaining('no PromQL')]);
});

test('every alert says how urgent it is, and links the section that says what to do; every section is one of an alert', () => {
  const headings = [...read('../../docs/operations/alerts.md').matchAll(/^## (Loguro\w+)$/gm)].map(([, name]) => name);
  const linked = new Set<string>();
  for (const { alert, labels, annotations } of rules) {
    expect([alert, labels.severity]).toEqual([alert, expect.stringMatching(/^(page|ticket)$/)]);
    const [page, anchor] = annotations.runbook?.split('#') ?? [];
    expect([alert, page]).toEqual([alert, 'docs/operations/alerts.md']);
    const heading = headings.find((candidate) => candidate?.toLowerCase() === anchor);
    expect([alert, heading]).toEqual([alert, expect.any(String)]);
    linked.add(String(heading));
  }
  expect(headings.filter((heading) => !linked.has(String(heading)))).toEqual([]);
});

test('the autoscaling of the workers on Kubernetes asks for documented metrics only', () => {
  const { spec } = parse(read('../kubernetes/keda/scaled-object.yaml')) as {
    spec: { triggers: { metadata: { query: string } }[] };
  };
  expect(spec.triggers.length).toBeGreaterThan(0);
  expect(spec.triggers.flatMap(({ metadata }) => faultsOf(metadata.query))).toEqual([]);
});

test('on Kubernetes processes are scraped under the names that the rules and the configuration use', () => {
  const { scrape_configs } = parse(read('prometheus.yml')) as { scrape_configs: { job_name: string }[] };
  const monitor = parse(read('../kubernetes/monitoring/pod-monitor.yaml')) as {
    spec: { podMetricsEndpoints: { relabelings: { targetLabel: string; replacement?: string }[] }[] };
  };
  const job = monitor.spec.podMetricsEndpoints[0]?.relabelings.find(({ targetLabel }) => targetLabel === 'job');
  const onKubernetes = ['gateway', 'control-plane', 'ingest-api', 'ingest-worker'].map((name) =>
    job?.replacement?.replace('$1', name),
  );
  expect(scrape_configs.map(({ job_name }) => job_name)).toEqual([...onKubernetes, 'loguro-node']);
});
