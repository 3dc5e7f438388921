import type { KubernetesObject } from './render.js';

interface KeyRef {
  name: string;
  key: string;
}

interface Probe {
  httpGet?: { path: string; port: string };
}

/** A container as far as these tests look into it. */
export interface Container {
  name: string;
  image: string;
  command?: string[];
  ports?: { name: string; containerPort: number }[];
  envFrom?: { configMapRef: { name: string } }[];
  env?: { name: string; value?: string; valueFrom?: { secretKeyRef: KeyRef } }[];
  startupProbe?: Probe;
  livenessProbe?: Probe;
  readinessProbe?: Probe;
  lifecycle?: { preStop: { exec: { command: string[] } } };
  resources: { requests: Record<string, string>; limits: Record<string, string> };
  securityContext: Record<string, unknown>;
  volumeMounts?: { name: string; mountPath: string }[];
}

/** A pod as far as these tests look into it. */
export interface PodSpec {
  serviceAccountName?: string;
  automountServiceAccountToken: boolean;
  enableServiceLinks: boolean;
  terminationGracePeriodSeconds: number;
  securityContext: Record<string, unknown>;
  topologySpreadConstraints?: { topologyKey: string; labelSelector: { matchLabels: Labels } }[];
  containers: Container[];
  volumes?: { name: string; secret?: { secretName: string } }[];
}

export type Labels = Record<string, string>;

/** Something that runs pods. */
export interface Workload extends KubernetesObject {
  spec: {
    replicas?: number;
    selector?: { matchLabels: Labels };
    strategy?: { rollingUpdate: { maxUnavailable: number } };
    template: { metadata: { labels: Labels }; spec: PodSpec };
  };
}

const WORKLOADS = ['Deployment', 'StatefulSet', 'Job'];

/** Everything among the objects that runs pods. */
export function workloadsOf(objects: readonly KubernetesObject[]): Workload[] {
  return objects.filter(({ kind }) => WORKLOADS.includes(kind)) as Workload[];
}

/** The object of that kind and name. @throws Error when there is none, or more than one */
export function find<T = KubernetesObject>(objects: readonly KubernetesObject[], kind: string, name: string): T {
  const found = objects.filter((object) => object.kind === kind && object.metadata.name === name);
  if (found.length !== 1) throw new Error(`There are ${found.length} objects ${kind} ${name}.`);
  return found[0] as T;
}

/** The only container of a pod. */
export function containerOf({ metadata, spec }: Workload): Container {
  const [container, ...others] = spec.template.spec.containers;
  if (container === undefined || others.length > 0) throw new Error(`${metadata.name} has not one container.`);
  return container;
}

/** Whether a selector finds something with these labels. */
export function matches(selector: Labels, labels: Labels): boolean {
  const pairs = Object.entries(selector);
  return pairs.length > 0 && pairs.every(([name, value]) => labels[name] === value);
}

/** What a container's process will find in its environment, the image's included. @throws Error for a missing key */
export function environmentOf(
  workload: Workload,
  objects: readonly KubernetesObject[],
  image: Record<string, string>,
): Record<string, string> {
  const { envFrom = [], env = [] } = containerOf(workload);
  const environment = { ...image };
  for (const { configMapRef } of envFrom)
    Object.assign(environment, find(objects, 'ConfigMap', configMapRef.name).data);
  for (const { name, value, valueFrom } of env) {
    if (value !== undefined) environment[name] = value;
    const ref = valueFrom?.secretKeyRef;
    if (ref === undefined) continue;
    const secret = find(objects, 'Secret', ref.name).stringData?.[ref.key];
    if (secret === undefined) throw new Error(`The Secret ${ref.name} has no ${ref.key}.`);
    environment[name] = secret;
  }
  return environment;
}
