import { containerOf, type Labels, matches, type Workload } from './manifests.js';
import type { KubernetesObject } from './render.js';

interface Selector {
  matchLabels?: Labels;
  matchExpressions?: { key: string; operator: string; values: string[] }[];
}

interface Rule {
  /** Absent: anybody. */
  to?: Peer[];
  from?: Peer[];
  ports?: { port: number | string }[];
}

interface Peer {
  podSelector?: Selector;
  namespaceSelector?: Selector;
  ipBlock?: object;
}

interface Policy {
  podSelector: Selector;
  policyTypes: string[];
  ingress?: Rule[];
  egress?: Rule[];
}

/** Whether the NetworkPolicies let a pod open a connection to a port of another one of the same namespace. */
export function mayConnect(objects: readonly KubernetesObject[], from: Workload, to: Workload, port: number): boolean {
  const policies = objects.filter(({ kind }) => kind === 'NetworkPolicy').map(({ spec }) => spec as Policy);
  const permits = (type: 'Ingress' | 'Egress', subject: Workload, other: Workload) => {
    const effective = policies.filter(
      ({ podSelector, policyTypes }) => policyTypes.includes(type) && selects(podSelector, subject),
    );
    const rules = effective.flatMap((policy) => (type === 'Ingress' ? policy.ingress : policy.egress) ?? []);
    // Who is selected by no policy may do everything; who is by some, what any of them allows.
    return effective.length === 0 || rules.some((rule) => allows(rule, other) && opens(rule, to, port));
  };
  return permits('Egress', from, to) && permits('Ingress', to, from);
}

function selects({ matchLabels, matchExpressions = [] }: Selector, workload: Workload): boolean {
  const { labels } = workload.spec.template.metadata;
  for (const { operator } of matchExpressions) if (operator !== 'In') throw new Error(`${operator} is not known here.`);
  return (
    (matchLabels === undefined || matches(matchLabels, labels)) &&
    matchExpressions.every(({ key, values }) => values.includes(labels[key] ?? ''))
  );
}

function allows({ to, from }: Rule, other: Workload): boolean {
  const peers = to ?? from;
  if (peers === undefined) return true;
  return peers.some(
    ({ podSelector, namespaceSelector }) =>
      podSelector !== undefined && namespaceSelector === undefined && selects(podSelector, other),
  );
}

function opens({ ports }: Rule, target: Workload, port: number): boolean {
  if (ports === undefined) return true;
  const named = containerOf(target).ports?.find(({ containerPort }) => containerPort === port)?.name;
  return ports.some((allowed) => allowed.port === port || allowed.port === named);
}
