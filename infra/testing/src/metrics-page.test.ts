import { expect, test } from '@jest/globals';
import { documentedMetrics, undocumented } from './metrics-page.js';

/** What a process would answer that shows exactly what is documented, without samples. */
function exposition(section: string): string {
  const page = documentedMetrics();
  const metrics = [...(page.get('Every process') ?? []), ...(page.get(section) ?? [])];
  return metrics.map(({ name, type }) => `# HELP ${name} x\n# TYPE ${name} ${type}\n`).join('');
}

const SECTIONS = ['Gateway', 'Control plane', 'Ingest API', 'Ingest worker'];

test.each(SECTIONS)('%s: what is documented is taken as it is', (section) => {
  expect(exposition(section).split('\n').length).toBeGreaterThan(15);
  expect(undocumented(section, exposition(section))).toEqual([]);
});

test('differences are found both ways: names, types and labels', () => {
  const text = exposition('Gateway');
  const without = text.replace(/.*loguro_gateway_connections .*\n/g, '');
  expect(undocumented('Gateway', without)).toEqual(['loguro_gateway_connections is documented, and not there.']);
  expect(undocumented('Gateway', without, ['loguro_gateway_connections'])).toEqual([]);
  const more = `${text}# TYPE loguro_gateway_new_total counter\nloguro_gateway_new_total 1\n`;
  expect(undocumented('Gateway', more)).toEqual(['loguro_gateway_new_total is there, and not documented.']);
  const other = text.replace('loguro_gateway_connections gauge', 'loguro_gateway_connections counter');
  expect(undocumented('Gateway', other)).toEqual([
    'loguro_gateway_connections is a counter, and documented as a gauge.',
  ]);
  const sample = (labels: string) => `${text}loguro_gateway_requests_total{${labels}} 1\n`;
  expect(undocumented('Gateway', sample('surface="a,b=\\"c\\"",status="200"'))).toEqual([]);
  expect(undocumented('Gateway', sample('surface="ingest"'))).toEqual([
    'loguro_gateway_requests_total has the labels "surface", and documented are "status,surface".',
  ]);
  const bucket = 'loguro_gateway_request_duration_seconds_bucket{surface="ingest",le="+Inf"} 1\n';
  expect(undocumented('Gateway', text + bucket)).toEqual([]);
});

test('a section that is not there is no section without metrics', () => {
  expect(undocumented('Nobody', '')).toContain('docs/metrics.md has no section "Nobody".');
});
