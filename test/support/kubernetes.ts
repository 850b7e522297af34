import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor';
import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler';
import { Ingress } from 'kubernetes-models/networking.k8s.io/v1/Ingress';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import { Secret } from 'kubernetes-models/v1/Secret';
import { Service } from 'kubernetes-models/v1/Service';
import { parseAllDocuments } from 'yaml';

// biome-ignore lint/suspicious/noExplicitAny: an object has the shape of its kind
export type KubernetesObject = any;

const CACHE = 'node_modules/.cache';
const KUBERNETES = 'kubernetes-models';
const PROMETHEUS = '@kubernetes-models/prometheus-operator';

/** By apiVersion and kind: the model with Kubernetes' JSON schema, and the module of its type. */
const MODELS: Record<string, [new (data: never) => { validate(): void }, string]> = {
  'apps/v1 Deployment': [Deployment, `${KUBERNETES}/apps/v1/Deployment`],
  'autoscaling/v2 HorizontalPodAutoscaler': [
    HorizontalPodAutoscaler,
    `${KUBERNETES}/autoscaling/v2/HorizontalPodAutoscaler`,
  ],
  'monitoring.coreos.com/v1 ServiceMonitor': [ServiceMonitor, `${PROMETHEUS}/monitoring.coreos.com/v1/ServiceMonitor`],
  'networking.k8s.io/v1 Ingress': [Ingress, `${KUBERNETES}/networking.k8s.io/v1/Ingress`],
  'networking.k8s.io/v1 NetworkPolicy': [NetworkPolicy, `${KUBERNETES}/networking.k8s.io/v1/NetworkPolicy`],
  'policy/v1 PodDisruptionBudget': [PodDisruptionBudget, `${KUBERNETES}/policy/v1/PodDisruptionBudget`],
  'v1 Secret': [Secret, `${KUBERNETES}/v1/Secret`],
  'v1 Service': [Service, `${KUBERNETES}/v1/Service`],
};

/** The objects of a manifest, read as Kubernetes reads YAML (1.1). */
export function readManifest(text: string): KubernetesObject[] {
  return parseAllDocuments(text, { version: '1.1' }).flatMap((document) => {
    if ('errors' in document && document.errors.length > 0) throw document.errors[0];
    const object: KubernetesObject = document.toJSON();
    return object ? [object] : [];
  });
}

/** What Kubernetes' JSON schemas say against the objects. They allow unknown fields: unknownFields finds those. */
export function schemaErrors(objects: readonly KubernetesObject[]): string[] {
  return objects.flatMap((object) => {
    const kind = `${object.apiVersion} ${object.kind}`;
    const [Model] = MODELS[kind] ?? [];
    if (!Model) return [`${kind}: no schema`];
    try {
      new Model(object as never).validate();
      return [];
    } catch (error) {
      return [`${kind}: ${(error as Error).message}`];
    }
  });
}

/** What the compiler says of the objects as literals of their kinds' types: fields that a type does not have. */
export function unknownFields(objects: readonly KubernetesObject[]): string[] {
  // below the project, so that the modules are found
  mkdirSync(CACHE, { recursive: true });
  const directory = mkdtempSync(join(CACHE, 'kubernetes-'));
  try {
    const checks = objects.map((object, i) => {
      const [, module] = MODELS[`${object.apiVersion} ${object.kind}`] ?? [];
      return `import type { I${object.kind} as T${i} } from '${module}';\nexport const o${i}: T${i} = ${JSON.stringify(object, null, 1)};\n`;
    });
    writeFileSync(join(directory, 'objects.ts'), checks.join(''));
    const options = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--types', 'node'];
    const compiler = 'node_modules/typescript/bin/tsc';
    const args = [compiler, '--ignoreConfig', ...options, join(directory, 'objects.ts')];
    return spawnSync(process.execPath, args, { encoding: 'utf8' }).stdout.split('\n').filter(Boolean);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
