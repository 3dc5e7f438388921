import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { readImages } from '@loguro/docker';
import { parse } from 'yaml';
import { containerOf, find, type Labels, matches, type Workload, workloadsOf } from './manifests.js';
import { KUBERNETES, type KubernetesObject, render } from './render.js';
import { makeSecrets } from './secrets.js';

const SERVICES = ['gateway', 'control-plane', 'ingest-api', 'ingest-worker'];

describe.each(['base', 'trial', 'example'])('%s', (folder) => {
  const objects = render(folder);
  const workloads = workloadsOf(objects);
  const labelsOf = ({ spec }: Workload): Labels => spec.template.metadata.labels;
  const selecting = (selector: Labels) => workloads.filter((workload) => matches(selector, labelsOf(workload)));

  test.each(workloads.map((workload) => [workload.metadata.name, workload] as const))(
    '%s runs with no privilege at all, and within limits',
    (_, workload) => {
      const pod = workload.spec.template.spec;
      const { securityContext, resources } = containerOf(workload);
      expect(pod).toMatchObject({
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      });
      expect(securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      for (const share of [resources.requests, resources.limits])
        expect(Object.keys(share).sort()).toEqual(['cpu', 'memory']);
    },
  );

  test('our processes run as the user that their images are made for', () => {
    const own = workloads.filter(({ kind }) => kind !== 'StatefulSet');
    const users = own.map(({ spec }) => spec.template.spec.securityContext);
    const expected = new Set([...readImages().values()].map(({ user }) => user).filter((user) => user !== ''));
    expect(new Set(users.map(({ runAsUser, runAsGroup }) => `${runAsUser}:${runAsGroup}`))).toEqual(expected);
  });

  test('every selector finds the pods it is meant for', () => {
    for (const { spec, metadata, kind } of workloads.filter(({ kind }) => kind !== 'Job') as Workload[]) {
      expect([kind, metadata.name, selecting(spec.selector?.matchLabels ?? {}).map((w) => w.metadata.name)]).toEqual([
        kind,
        metadata.name,
        [metadata.name],
      ]);
    }
    for (const service of objects.filter(({ kind }) => kind === 'Service')) {
      const { selector, ports } = service.spec as { selector: Labels; ports: { port: number; targetPort?: string }[] };
      const [target, ...others] = selecting(selector);
      expect([service.metadata.name, others]).toEqual([target?.metadata.name, []]);
      const known = containerOf(target as Workload).ports ?? [];
      for (const { port, targetPort } of ports) {
        expect(known.map(({ name, containerPort }) => targetPort === name || port === containerPort)).toContain(true);
      }
    }
    for (const name of SERVICES) {
      const { spec } = find<{ spec: { selector: { matchLabels: Labels } } }>(objects, 'PodDisruptionBudget', name);
      expect(selecting(spec.selector.matchLabels).map(({ metadata }) => metadata.name)).toEqual([name]);
      const pod = find<Workload>(objects, 'Deployment', name).spec.template.spec;
      const spread = pod.topologySpreadConstraints ?? [];
      expect(spread.map(({ topologyKey }) => topologyKey)).toEqual([
        'topology.kubernetes.io/zone',
        'kubernetes.io/hostname',
      ]);
      for (const { labelSelector } of spread) {
        expect(selecting(labelSelector.matchLabels).map(({ metadata }) => metadata.name)).toEqual([name]);
      }
    }
  });

  test('what scales on its own says no number of replicas, and everything else runs twice', () => {
    const scaled = objects
      .filter(({ kind }) => kind === 'HorizontalPodAutoscaler' || kind === 'ScaledObject')
      .map(({ spec }) => (spec as { scaleTargetRef: { name: string } }).scaleTargetRef.name);
    expect(new Set(scaled).size).toBe(scaled.length);
    expect(scaled).toEqual(expect.arrayContaining(['gateway', 'control-plane', 'ingest-api']));
    for (const name of SERVICES) {
      const { replicas, strategy } = find<Workload>(objects, 'Deployment', name).spec;
      expect([name, replicas]).toEqual([name, scaled.includes(name) ? undefined : 2]);
      expect(strategy?.rollingUpdate.maxUnavailable).toBe(0);
    }
  });

  test('no Secret is in the repository, and each that is referred to is one that bin/secrets.mjs makes', () => {
    expect(objects.filter(({ kind }) => kind === 'Secret')).toEqual([]);
    const made = makeSecrets();
    const referred = workloads.flatMap((workload) => [
      ...(containerOf(workload).env ?? []).flatMap(({ valueFrom }) => (valueFrom ? [valueFrom.secretKeyRef] : [])),
      ...(workload.spec.template.spec.volumes ?? []).flatMap(({ secret }) =>
        secret ? [{ name: secret.secretName }] : [],
      ),
    ]);
    for (const ref of referred) {
      const { stringData = {} } = find(made, 'Secret', ref.name);
      if ('key' in ref) expect(Object.keys(stringData)).toContain(ref.key);
    }
    expect(referred.length).toBeGreaterThan(8);
  });

  test('the migration can be applied alone, before the rest', () => {
    const alone = objects.filter(({ metadata }) => metadata.labels?.['app.kubernetes.io/name'] === 'migrate');
    expect(alone.map(({ kind, metadata }) => [kind, metadata.name]).sort()).toEqual([
      ['Job', 'migrate'],
      ['ServiceAccount', 'migrate'],
    ]);
    const job = find<Workload>(objects, 'Job', 'migrate');
    expect(job.spec.template.spec.serviceAccountName).toBe('migrate');
    expect(containerOf(job).envFrom).toBeUndefined();
  });

  test('nothing of ours can be reached or reach out but by a rule', () => {
    const policies = objects.filter(({ kind }) => kind === 'NetworkPolicy');
    const denied = find<{ spec: { podSelector: { matchLabels: Labels } } }>(policies, 'NetworkPolicy', 'default-deny');
    const covered = selecting(denied.spec.podSelector.matchLabels).map(({ metadata }) => metadata.name);
    expect(covered.sort()).toEqual([...SERVICES, 'migrate'].sort());
    expect(denied.spec).toMatchObject({ policyTypes: ['Ingress', 'Egress'] });
    expect(denied.spec).not.toHaveProperty('ingress');
    expect(denied.spec).not.toHaveProperty('egress');
  });
});

describe('Secrets', () => {
  const value = (secrets: KubernetesObject[], name: string, key: string) =>
    find(secrets, 'Secret', name).stringData?.[key];

  test('every installation has passwords of its own, and the roles log in with those that the migration gives them', () => {
    const [one, other] = [makeSecrets(), makeSecrets()];
    for (const { metadata, stringData = {} } of one) {
      for (const [key, text] of Object.entries(stringData)) expect(value(other, metadata.name, key)).not.toBe(text);
    }
    for (const role of ['control', 'query', 'ingest']) {
      const password = value(one, 'loguro-migrate', `LOGURO_${role.toUpperCase()}_PASSWORD`);
      const secret = role === 'ingest' ? 'loguro-ingest' : 'loguro-control';
      const url = new URL(
        value(one, secret, role === 'query' ? 'LOGURO_QUERY_DATABASE_URL' : 'LOGURO_DATABASE_URL') ?? '',
      );
      expect([url.username, url.password]).toEqual([`loguro_${role}`, password]);
    }
    expect(value(one, 'redis', 'redis.conf')).toMatch(/^appendonly yes$[\s\S]*^maxmemory-policy noeviction$/m);
  });

  test('for servers of your own they keep host, database and parameters, and none is made for the trial', () => {
    const secrets = makeSecrets({
      LOGURO_MIGRATE_DATABASE_URL: 'postgres://owner:p%40ss@db.internal:6432/events?sslmode=verify-full',
      LOGURO_QUEUE_URL: 'rediss://:secret@cache.internal:6380/1',
    });
    expect(secrets.map(({ metadata }) => metadata.name)).toEqual(['loguro-migrate', 'loguro-control', 'loguro-ingest']);
    const url = new URL(value(secrets, 'loguro-control', 'LOGURO_QUERY_DATABASE_URL') ?? '');
    expect([url.username, url.host, url.pathname, url.search]).toEqual([
      'loguro_query',
      'db.internal:6432',
      '/events',
      '?sslmode=verify-full',
    ]);
    expect(value(secrets, 'loguro-ingest', 'LOGURO_QUEUE_URL')).toBe('rediss://:secret@cache.internal:6380/1');
    expect(() => makeSecrets({ LOGURO_QUEUE_URL: 'redis://x' })).toThrow('Set both');
  });
});

test('the Prometheus operator gets the very rules that promtool tests', () => {
  const rule = find<{ spec: unknown }>(render('example'), 'PrometheusRule', 'loguro');
  const rules = readFileSync(new URL('../../prometheus/loguro.rules.yml', import.meta.url), 'utf8');
  expect(rule.spec).toEqual(parse(rules));
});

test('docs/kubernetes.md tells of every folder, and of no path that is not there', () => {
  const root = new URL('../../../', import.meta.url);
  const page = readFileSync(new URL('docs/kubernetes.md', root), 'utf8');
  const folders = readdirSync(KUBERNETES).filter((name) => existsSync(`${KUBERNETES}/${name}/kustomization.yaml`));
  expect(folders.length).toBeGreaterThan(4);
  expect(folders.filter((name) => !page.includes(`\n| \`${name}\` |`))).toEqual([]);
  const paths = [...page.matchAll(/infra\/[\w./-]+\w/g)].map(([path]) => path);
  expect(paths.length).toBeGreaterThan(5);
  expect(paths.filter((path) => !existsSync(new URL(path, root)))).toEqual([]);
});
