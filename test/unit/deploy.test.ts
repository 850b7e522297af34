import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { SERIES } from '../../src/metrics/series.ts';

const ALERTS = 'deploy/prometheus/alerts.yaml';
const DASHBOARD = 'deploy/grafana/dashboard.json';

interface Rule {
  alert: string;
  expr: string;
  annotations: { summary: string };
}

const rules = (parse(readFileSync(ALERTS, 'utf8')) as { groups: { rules: Rule[] }[] }).groups.flatMap(
  (group) => group.rules,
);
const { panels } = JSON.parse(readFileSync(DASHBOARD, 'utf8')) as { panels: { targets: { expr: string }[] }[] };

test.each([
  [ALERTS, rules.map(({ expr }) => expr)],
  [DASHBOARD, panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))],
])('%s names only metrics, labels and values that the gateway has', (_file, expressions) => {
  for (const expression of expressions) {
    for (const [, name = '', selectors = ''] of expression.matchAll(/(nmg_\w+)(?:\{([^}]*)\})?/g)) {
      const series = Object.entries(SERIES).find(([known]) => name.replace(/_(bucket|count|sum)$/, '') === known);
      expect([name, series?.[0]]).toEqual([name, name.replace(/_(bucket|count|sum)$/, '')]);
      const labels = series?.[1].labels as Record<string, readonly string[] | number>;
      for (const [, label = '', operator, value = ''] of selectors.matchAll(/(\w+)(=~|!~|!=|=)"([^"]*)"/g)) {
        expect(Object.keys(labels)).toContain(label);
        if (operator === '=' || operator === '!=') expect(labels[label]).toContain(value);
      }
    }
  }
});

test('every metric is on the dashboard', () => {
  const text = readFileSync(DASHBOARD, 'utf8');
  expect(Object.keys(SERIES).filter((name) => !text.includes(name))).toEqual([]);
});

test('docs/operations.md says what to do about each alert that is not its own answer', () => {
  const page = readFileSync('docs/operations.md', 'utf8');
  const selfEvident = ['GatewayDown', 'DriftScanFailing', 'GatewayErrors'];
  const missing = rules.filter(({ alert }) => !selfEvident.includes(alert) && !page.includes(`\`${alert}\``));
  expect(missing).toEqual([]);
});
