// Writes infra/prometheus/loguro.rules.yml into the object that the Prometheus operator reads.
import { readFileSync, writeFileSync } from 'node:fs';

const rules = readFileSync(new URL('../../prometheus/loguro.rules.yml', import.meta.url), 'utf8');
const groups = rules.slice(rules.indexOf('\ngroups:') + 1);
const head = `# infra/prometheus/loguro.rules.yml as the Prometheus operator wants it; a test compares the two.
# To bring it up to date: node infra/kubernetes/bin/prometheus-rule.mjs
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: loguro
spec:
`;
const indented = groups.replace(/^(?=.)/gm, '  ');
writeFileSync(new URL('../monitoring/prometheus-rule.yaml', import.meta.url), head + indented);
