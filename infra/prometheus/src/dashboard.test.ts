import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { documentedMetrics } from '@loguro/testing';
import { faultsOf } from './promql.js';

interface Panel {
  id: number;
  type: string;
  title: string;
  datasource?: { uid: string };
  gridPos: { x: number; y: number; w: number; h: number };
  targets?: { refId: string; expr: string; datasource: { uid: string } }[];
}

interface Dashboard {
  uid: string;
  templating: { list: { name: string; type: string; query: string }[] };
  panels: Panel[];
}

const text = readFileSync(new URL('../../grafana/loguro.json', import.meta.url), 'utf8');
const dashboard = JSON.parse(text) as Dashboard;
const panels = dashboard.panels.filter(({ type }) => type !== 'row');

describe('the dashboard', () => {
  test.each(panels.map((panel) => [panel.title, panel] as const))(
    '%s: uses documented metrics only',
    (_, { targets }) => {
      expect(targets?.length).toBeGreaterThan(0);
      expect(targets?.flatMap(({ expr }) => faultsOf(expr))).toEqual([]);
    },
  );

  test('shows every metric of ours', () => {
    const ours = [...documentedMetrics().values()].flat().filter(({ name }) => name.startsWith('loguro_'));
    expect(ours.length).toBeGreaterThan(30);
    expect(
      ours.map(({ name }) => name).filter((name) => !new RegExp(`\\b${name}(_bucket|_sum|_count)?\\b`).test(text)),
    ).toEqual([]);
  });

  test('asks whichever Prometheus is chosen when it is imported', () => {
    expect(dashboard.templating.list).toEqual([expect.objectContaining({ name: 'datasource', type: 'datasource' })]);
    const sources = panels.flatMap(({ datasource, targets = [] }) => [datasource, ...targets.map((t) => t.datasource)]);
    expect(new Set(sources.map((source) => source?.uid))).toEqual(new Set([`\${datasource}`]));
  });

  test('gives every panel an id, a title and a place of its own', () => {
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    expect(new Set(dashboard.panels.map(({ title }) => title)).size).toBe(dashboard.panels.length);
    const taken = new Set<string>();
    for (const { title, gridPos } of dashboard.panels) {
      expect([title, gridPos.x + gridPos.w <= 24]).toEqual([title, true]);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
          expect([title, taken.has(`${x}:${y}`)]).toEqual([title, false]);
          taken.add(`${x}:${y}`);
        }
      }
    }
  });
});
