import { beforeAll, describe, expect, test } from '@jest/globals';
import { loadConfig as loadControlPlane } from '@loguro/control-plane/config';
import { type Image, PROCESSES, readCompose, readImages, withDefaults } from '@loguro/docker';
import { loadConfig as loadGateway } from '@loguro/gateway';
import { RENDER_TIMEOUT_MS } from './kubectl.js';
import { containerOf, environmentOf, find, type Workload, workloadsOf } from './manifests.js';
import { type KubernetesObject, render } from './render.js';
import { renderWith } from './render-with.js';
import { schemaFaults } from './schema.js';
import { makeSecrets } from './secrets.js';

interface CollectorPolicy {
  podSelector: { matchExpressions: { values: string[] }[] };
  egress: { to: unknown[]; ports: { port: number }[] }[];
}

const compose = readCompose();
const KUBE_PROXY_MS = 5000;

describe.each(['base', 'trial', 'example'])('%s', (folder) => {
  let objects: KubernetesObject[];
  let images: Map<string, Image>;
  beforeAll(() => {
    objects = [...render(folder), ...makeSecrets()];
    images = readImages();
  }, RENDER_TIMEOUT_MS);
  const workload = (name: string) => find<Workload>(objects, 'Deployment', name);
  const envOf = (name: string) => environmentOf(workload(name), objects, images.get(name)?.env ?? {});

  test.each(PROCESSES)(
    '$name: its own configuration accepts the environment, and needs each Secret in it',
    ({ name, load }) => {
      const env = envOf(name);
      expect(() => load(env)).not.toThrow();
      for (const { name: variable } of containerOf(workload(name)).env ?? []) {
        expect(() => load({ ...env, [variable]: '' })).toThrow(variable);
      }
    },
  );

  test.each(PROCESSES)('$name: ports and probes are those of the process', ({ name, load }) => {
    const { ports = [], startupProbe, livenessProbe, readinessProbe, image } = containerOf(workload(name));
    const config = load(envOf(name));
    const expected = { ops: config.opsPort, ...(config.port !== undefined && { http: config.port }) };
    expect(Object.fromEntries(ports.map((port) => [port.name, port.containerPort]))).toEqual(expected);
    const paths = [startupProbe, livenessProbe, readinessProbe].map((probe) => [
      probe?.httpGet?.port,
      probe?.httpGet?.path,
    ]);
    // The gateway serves one surface on when the other is away, and its /readyz is red then.
    const ready = name === 'gateway' ? '/healthz' : '/readyz';
    expect(paths).toEqual([
      ['ops', '/healthz'],
      ['ops', '/healthz'],
      ['ops', ready],
    ]);
    expect(image).toMatch(new RegExp(`(^|/)loguro/${name}:\\d`));
    expect(images.get(name)?.command.length).toBeGreaterThan(0);
  });

  test.each(PROCESSES)(
    '$name: it is given the time it needs to stop, and serves on until others know',
    ({ name, stopMs }) => {
      const env = envOf(name);
      const { terminationGracePeriodSeconds } = workload(name).spec.template.spec;
      const preStop = containerOf(workload(name)).lifecycle?.preStop.exec.command;
      const preStopMs = preStop === undefined ? 0 : Number(preStop[1]) * 1000;
      expect(terminationGracePeriodSeconds * 1000).toBeGreaterThanOrEqual(preStopMs + stopMs(env) + 2000);
      if (name === 'ingest-worker') return;
      const grace = name === 'gateway' ? loadGateway(env).drainGraceMs : preStopMs;
      expect(grace).toBeGreaterThanOrEqual(KUBE_PROXY_MS);
    },
  );

  test('the gateway finds the services under the names and ports they have', () => {
    const { controlUpstreams, ingestUpstreams } = loadGateway(envOf('gateway'));
    const names = [controlUpstreams, ingestUpstreams].map((origins) => origins.map((origin) => new URL(origin)));
    // Two names of one Service each, so that the gateway has another to ask when a pod behind the first is gone.
    expect(names.map((urls) => new Set(urls.map(({ host }) => host)).size)).toEqual([2, 2]);
    for (const { hostname, port } of names.flat()) {
      const [service = '', namespace = 'loguro', ...domain] = hostname.split('.');
      expect([[], ['svc']]).toContainEqual(domain);
      const found = find<KubernetesObject & { spec: { ports: { port: number }[] } }>(objects, 'Service', service);
      const { spec, metadata } = found;
      expect(metadata.namespace).toBe(namespace);
      expect(spec.ports.map((p) => p.port)).toEqual([Number(port)]);
    }
  });

  test('clients are told the hosts that the gateway routes', () => {
    const { controlHosts, ingestHosts } = loadGateway(envOf('gateway'));
    const { apiUrl, ingestUrl } = loadControlPlane(envOf('control-plane'));
    expect(controlHosts).toContain(new URL(apiUrl).hostname);
    expect(ingestHosts).toContain(new URL(ingestUrl).hostname);
  });

  test('the migration has what the command requires, and nothing of ours has the owner of the database but it', () => {
    const job = find<Workload>(objects, 'Job', 'migrate');
    const env = environmentOf(job, objects, {});
    const { migrate } = compose.services;
    expect(Object.keys(env).sort()).toEqual(Object.keys(migrate?.environment ?? {}).sort());
    expect(containerOf(job).command).toEqual(['node', ...(migrate?.command?.slice(2) ?? [])]);
    const { LOGURO_MIGRATE_DATABASE_URL: owner = '' } = env;
    for (const other of workloadsOf(objects).filter((one) => one !== job && one.kind === 'Deployment')) {
      const values = Object.values(environmentOf(other, objects, {})).join('\n');
      expect(values).not.toContain(new URL(owner).password);
    }
  });

  test('the images are the ones that docker-compose.yml runs', () => {
    for (const workload of workloadsOf(objects)) {
      const image = containerOf(workload).image.replace(/^registry\.example\.com\//, '');
      expect(image).toBe(withDefaults(compose.services[workload.metadata.name]?.image ?? ''));
    }
  });
});

test('with gateway-tls the gateway finds its certificate where it is mounted, and is reached on port 443', async () => {
  const objects = renderWith('gateway-tls');
  const gateway = find<Workload>(objects, 'Deployment', 'gateway');
  for (const object of [gateway, find(objects, 'Service', 'gateway')]) expect(await schemaFaults(object)).toEqual([]);
  const { tls } = loadGateway(environmentOf(gateway, objects, readImages().get('gateway')?.env ?? {}));
  const mount = containerOf(gateway).volumeMounts?.find(({ name }) => name === 'tls');
  // The keys of a Secret of type kubernetes.io/tls.
  expect(tls).toEqual({ certFile: `${mount?.mountPath}/tls.crt`, keyFile: `${mount?.mountPath}/tls.key` });
  const { volumes } = gateway.spec.template.spec;
  expect(volumes).toContainEqual({ name: 'tls', secret: { secretName: 'gateway-tls' } });
  const { ports } = find<{ spec: { ports: unknown[] } }>(objects, 'Service', 'gateway').spec;
  expect(ports).toEqual([{ name: 'https', port: 443, targetPort: 'http' }]);
});

test('with tracing every process sends its traces to a collector that it may reach, and otherwise none', async () => {
  const objects = [...renderWith('tracing'), ...makeSecrets()];
  const without = [...render('base'), ...makeSecrets()];
  const policy = find<KubernetesObject & { spec: CollectorPolicy }>(objects, 'NetworkPolicy', 'to-collector');
  expect(await schemaFaults(policy)).toEqual([]);
  const [rule] = policy.spec.egress;
  for (const { name, load } of PROCESSES) {
    const envIn = (all: KubernetesObject[]) =>
      environmentOf(find<Workload>(all, 'Deployment', name), all, readImages().get(name)?.env ?? {});
    expect(load(envIn(without)).tracing).toBeNull();
    const url = new URL(load(envIn(objects)).tracing?.url ?? '');
    expect(url.pathname).toBe('/v1/traces');
    expect(rule?.ports.map(({ port }) => String(port))).toEqual([url.port]);
    const [, namespace] = url.hostname.split('.');
    expect(rule?.to).toEqual([{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } } }]);
    expect(policy.spec.podSelector.matchExpressions[0]?.values).toContain(name);
  }
});
