import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { renderChart, renderManifests } from '../../scripts/helm.mjs';
import { readConfig, SETTINGS } from '../../src/config.ts';
import { type KubernetesObject, readManifest, schemaErrors, unknownFields } from '../support/kubernetes.ts';

/** The Helm chart, rendered by helm itself, and the plain manifests made from it. */

const SECRETS = ['--set', 'secretSettings.existingSecret=settings', '--set', 'clouds.existingSecret=clouds'];
const EVERYTHING = [
  ...['--set', 'secretSettings.REDIS_URL=rediss://:word@redis:6380', '--set', 'secretSettings.RULE_SIGNING_KEY=k'],
  ...['--set-string', 'clouds.yaml=clouds: {mycloud: {}}', '--set', 'autoscaling.enabled=true'],
  ...['--set', 'metrics.serviceMonitor.enabled=true', '--set', 'metrics.serviceMonitor.labels.release=prometheus'],
  ...['--set', 'ingress.enabled=true', '--set', 'ingress.tlsSecret=tls', '--set', 'ingress.className=nginx'],
  ...['--set', 'settings.MAX_COST=2000000', '--set', 'settings.GRAPHIQL=false', '--set', 'imagePullSecrets[0].name=r'],
  ...['--set', 'image.digest=sha256:abc', '--set', 'nodeSelector.zone=a', '--set', 'podAnnotations.a=b'],
];

const VARIANTS: [string, string[]][] = [
  ['with its defaults and Secrets that exist', SECRETS],
  ['with everything', EVERYTHING],
  ['without metrics', [...SECRETS, '--set', 'metrics.enabled=false', '--set', 'networkPolicy.enabled=false']],
  ['scaled by event loop lag', [...EVERYTHING, '--set', 'autoscaling.eventLoopLag=50m']],
];

const render = (args: readonly string[]) => readManifest(renderChart(...args));
const one = (objects: readonly KubernetesObject[], kind: string) => objects.find((object) => object.kind === kind);
const containerOf = (objects: readonly KubernetesObject[]) =>
  one(objects, 'Deployment').spec.template.spec.containers[0];
const envOf = (objects: readonly KubernetesObject[]): Record<string, string> =>
  Object.fromEntries(
    containerOf(objects).env.map(({ name, value }: { name: string; value: string }) => [name, value] as const),
  );

test.each(VARIANTS)('the chart %s -> valid by the schemas of Kubernetes, without an unknown field', (_how, args) => {
  const objects = render(args);
  expect(objects.length).toBeGreaterThanOrEqual(3);
  expect(schemaErrors(objects)).toEqual([]);
  expect(unknownFields(objects)).toEqual([]);
});

test('an unknown field and a value of another type are found', () => {
  const [unknown, wrong] = ['portz: []', 'type: 5'].map((spec) => ({
    ...readManifest(`apiVersion: v1\nkind: Service\nspec: {${spec}}`)[0],
  }));
  expect(schemaErrors([wrong])).toEqual([expect.stringContaining('spec/type')]);
  expect(unknownFields([unknown]).join()).toContain('portz');
});

test('the plain manifests are those of the chart (npm run manifests)', () => {
  expect(readFileSync('deploy/kubernetes/gateway.yaml', 'utf8')).toBe(renderManifests());
});

describe('the Deployment', () => {
  test.each([
    ['by default', [], {}],
    [
      'with longer settings',
      ['--set', 'settings.SHUTDOWN_MS=120000', '--set', 'settings.SHUTDOWN_SPREAD_MS=30000'],
      {
        ...{ SHUTDOWN_MS: '120000', SHUTDOWN_SPREAD_MS: '30000' },
      },
    ],
  ])('%s -> is stopped only after the gateway had its time', (_how, args, env) => {
    const { spec } = one(render([...SECRETS, ...args]), 'Deployment').spec.template;
    const config = readConfig(env) as unknown as Record<string, number>;
    const stopMs = ['DRAIN_MS', 'SHUTDOWN_SPREAD_MS', 'SHUTDOWN_MS'].map((name) => config[name] ?? 0);
    expect(spec.terminationGracePeriodSeconds * 1000).toBeGreaterThan(stopMs.reduce((sum, ms) => sum + ms));
  });

  test('has the environment of a gateway that starts, with numbers as they are written', () => {
    const env = envOf(render(EVERYTHING));
    expect(env).toMatchObject({ MAX_COST: '2000000', GRAPHIQL: 'false', OS_CLOUD: 'mycloud' });
    expect(() => readConfig(env)).not.toThrow();
    expect(envOf(render([...SECRETS, '--set', 'metrics.enabled=false']))).toMatchObject({ METRICS_PORT: 'off' });
  });

  test('runs without root, capabilities or a writable file system, and with limits', () => {
    const objects = render(SECRETS);
    expect(one(objects, 'Deployment').spec.template.spec).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    });
    const { securityContext, resources } = containerOf(objects);
    expect(securityContext).toMatchObject({ readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } });
    expect(resources.limits).toHaveProperty('memory');
  });

  test('gets requests while /readyz says so, and is restarted by /healthz', () => {
    const { readinessProbe, livenessProbe, ports } = containerOf(render(SECRETS));
    expect(readinessProbe.httpGet).toEqual({ path: '/readyz', port: 'http' });
    expect(livenessProbe.httpGet).toEqual({ path: '/healthz', port: 'http' });
    expect(ports).toContainEqual({ name: 'http', containerPort: 4000 });
  });
});

test('every selector finds the pods', () => {
  const objects = render(EVERYTHING);
  const { labels } = one(objects, 'Deployment').spec.template.metadata;
  for (const selector of [
    one(objects, 'Service').spec.selector,
    one(objects, 'PodDisruptionBudget').spec.selector.matchLabels,
    one(objects, 'NetworkPolicy').spec.podSelector.matchLabels,
    one(objects, 'Deployment').spec.selector.matchLabels,
  ]) {
    expect(labels).toMatchObject(selector);
  }
  expect(one(objects, 'Service').metadata.labels).toMatchObject(
    one(objects, 'ServiceMonitor').spec.selector.matchLabels,
  );
});

test.each([
  ['REDIS_URL', ['--set', 'clouds.existingSecret=clouds'], 'secretSettings.REDIS_URL: expected the URL of a Redis'],
  ['clouds.yaml', ['--set', 'secretSettings.existingSecret=settings'], 'expected the content of a clouds.yaml'],
])('without %s -> helm says what is missing', (_what, args, message) => {
  expect(() => renderChart(...args)).toThrow(message);
});

test('values.yaml and the example name only settings that exist', () => {
  const values = readFileSync('deploy/helm/nova-manila-gateway/values.yaml', 'utf8');
  const example = readFileSync('deploy/kubernetes/values.yaml', 'utf8');
  const named = [...`${values}${example}`.matchAll(/^ {2}(?:#\s*)?([A-Z][A-Z_]{3,}):|^#\s+([A-Z][A-Z_]{3,}):/gm)];
  const names = named.map(([, name, commented]) => name ?? commented ?? '');
  expect(names).toContain('REDIS_URL');
  expect(names.filter((name) => !(name in SETTINGS))).toEqual([]);
});
