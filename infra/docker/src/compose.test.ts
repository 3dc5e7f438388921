import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  type ComposeService,
  environmentOf,
  ROOT,
  readCompose,
  serviceOf,
  volumesOf,
  withDefaults,
} from './compose.js';
import { readDockerfile } from './images.js';
import { PROCESSES } from './processes.js';
import { SecretVolumes } from './testing/secrets.js';

const compose = readCompose();
const { images, bases, args } = readDockerfile();
const services = Object.entries(compose.services);
/** Those that end by themselves. */
const ONE_SHOT = ['secrets', 'migrate', 'admin'];
const targetOf = ({ image }: ComposeService) => /^loguro\/([\w-]+):/.exec(image)?.[1] ?? '';
const imageOf = (service: ComposeService) => images.get(targetOf(service));

describe.each(services)('%s', (name, service) => {
  test('it has no capability, no way to get one, a read-only file system, and runs as an ordinary user', () => {
    expect(service).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
    });
    for (const key of ['cap_add', 'privileged', 'devices', 'pid', 'ipc', 'userns_mode']) {
      expect(service).not.toHaveProperty(key);
    }
    const user = service.user ?? imageOf(service)?.user ?? '';
    // Volumes begin as root's, and somebody has to put the secrets there: without a network.
    if (name === 'secrets') expect([user, service.network_mode]).toEqual(['0:0', 'none']);
    else expect(user).toMatch(/^(1000:1000|postgres|redis)$/);
  });

  test('it is limited in memory, processors, processes and log', () => {
    expect(service.mem_limit).toMatch(/^\d+[mg]$/);
    expect(service.cpus).toBeGreaterThan(0);
    expect(service.pids_limit).toBeGreaterThan(0);
    expect(service).toHaveProperty('logging.options.max-size');
    expect(service).toHaveProperty('logging.options.max-file');
  });

  test('it is started again when it ends and watched while it runs, unless it is to end', () => {
    const oneShot = ONE_SHOT.includes(name);
    expect(service.restart).toBe(oneShot ? 'no' : 'unless-stopped');
    expect(service.healthcheck?.disable ?? false).toBe(oneShot);
    // Ours have theirs in the image.
    const own = ['postgres', 'redis'].includes(name);
    expect((service.healthcheck?.test ?? []).length > 0).toBe(own);
  });

  test('its image is one of ours, or of one exact version', () => {
    if (imageOf(service) !== undefined) {
      expect(service.image).toMatch(/^loguro\/[\w-]+:\$\{LOGURO_VERSION:-\d+\.\d+\.\d+\}$/);
      if (service.build !== undefined) {
        expect(service.build).toEqual({
          context: '.',
          dockerfile: 'infra/docker/Dockerfile',
          target: targetOf(service),
        });
      }
    } else expect(service.image).toMatch(/^(postgres|redis):\d+\.\d+(\.\d+)?-bookworm$/);
  });

  test('no secret stands in its environment, its command or its health check', () => {
    const texts = [
      ...Object.values(service.environment ?? {}),
      ...(service.command ?? []),
      ...(service.entrypoint ?? []),
      ...(service.healthcheck?.test ?? []),
    ].map(String);
    for (const text of texts) {
      const password = /:\/\/[^/@]*:([^@]*)@/.exec(text)?.[1];
      if (password !== undefined) expect(password).toMatch(/^\{\{\w+\}\}$/);
    }
    for (const [variable, value] of Object.entries(service.environment ?? {})) {
      if (/PASSWORD$|SECRET|TOKEN/.test(variable)) expect(value).toMatch(/^\{\{\w+\}\}$/);
    }
  });
});

test('every image of ours is built by exactly one service of it, or by the one that makes the secrets', () => {
  const targets = services.map(([, service]) => targetOf(service)).filter((target) => target !== '');
  const built = services.flatMap(([, service]) => service.build?.target ?? []);
  expect([...built].sort()).toEqual([...new Set(targets)].sort());
  for (const target of built) expect([...images.keys()]).toContain(target);
});

test('only the gateway is published, and only its public port', () => {
  const published = services.filter(([, { ports }]) => ports !== undefined).map(([name, { ports }]) => [name, ports]);
  const port = images.get('gateway')?.env.LOGURO_PORT;
  expect(published).toEqual([['gateway', [`\${LOGURO_PUBLISH:-8080}:${port}`]]]);
  for (const [, service] of services) expect(service.network_mode ?? 'none').toBe('none');
});

test('database and queue are on a network that leads nowhere, without the gateway; no service is on more than it needs', () => {
  const networks = Object.fromEntries(services.map(([name, service]) => [name, service.networks ?? []]));
  expect(networks).toEqual({
    secrets: [],
    postgres: ['data'],
    redis: ['data'],
    migrate: ['data'],
    admin: ['data'],
    'ingest-worker': ['data'],
    'control-plane': ['data', 'services'],
    'ingest-api': ['data', 'services'],
    gateway: ['services', 'public'],
  });
  expect(compose.networks).toMatchObject({ data: { internal: true }, services: { internal: true } });
});

test('nothing of ours starts before the migration has succeeded', () => {
  for (const name of ['control-plane', 'ingest-api', 'ingest-worker']) {
    expect(serviceOf(compose, name).depends_on?.migrate).toEqual({ condition: 'service_completed_successfully' });
  }
  expect(serviceOf(compose, 'gateway').depends_on).toEqual({
    'control-plane': { condition: 'service_healthy' },
    'ingest-api': { condition: 'service_healthy' },
  });
  // What is restored goes into an empty database.
  expect(Object.keys(serviceOf(compose, 'admin').depends_on ?? {})).toEqual(['postgres', 'redis']);
});

describe('with the secrets that are made', () => {
  let secrets: SecretVolumes;
  beforeAll(() => {
    secrets = new SecretVolumes();
    expect(secrets.make()).toMatchObject({ status: 0 });
  });
  afterAll(() => secrets.delete());
  const envOf = (name: string) => {
    const service = serviceOf(compose, name);
    return environmentOf(service, imageOf(service)?.env ?? {}, (volume, file) => secrets.read(volume, file).trim());
  };

  test.each(PROCESSES)('$name: its own configuration accepts the environment', ({ name, load }) => {
    const env = envOf(name);
    const config = load(env);
    expect(String(config.opsPort)).toBe(imageOf(serviceOf(compose, name))?.env.LOGURO_OPS_PORT);
    // Each variable that a secret is filled into is one that the process can't do without.
    for (const [variable, value] of Object.entries(serviceOf(compose, name).environment ?? {})) {
      if (value.includes('{{')) expect(() => load({ ...env, [variable]: '' })).toThrow(variable);
    }
  });

  test.each(PROCESSES)('$name: it is given the time it needs to stop', ({ name, stopMs }) => {
    const seconds = Number(/^(\d+)s$/.exec(serviceOf(compose, name).stop_grace_period ?? '')?.[1]);
    expect(seconds * 1000).toBeGreaterThanOrEqual(stopMs(envOf(name)) + 2000);
  });

  test('each service sees the secrets it uses, and no other', () => {
    for (const [name, service] of services) {
      if (name === 'secrets') continue;
      const mounted = volumesOf(service).filter(([, target]) => target === '/run/loguro');
      const files = mounted.flatMap(([volume]) => secrets.list(volume));
      const text = JSON.stringify([service.environment, service.command]);
      const used = [...text.matchAll(/\{\{(\w+)\}\}|\/run\/loguro\/([\w.]+)/g)].map(([, a, b]) => a ?? b);
      // Ingest's two processes share a volume.
      expect([name, [...new Set(used)].sort()]).toEqual([name, files]);
      for (const volume of service.volumes ?? []) if (volume.startsWith('secrets-')) expect(volume).toMatch(/:ro$/);
    }
  });

  test('the roles log in with the passwords that the migration gives them, and operators have everything', () => {
    const migrate = envOf('migrate');
    const admin = envOf('admin');
    for (const name of Object.keys(serviceOf(compose, 'migrate').environment ?? {})) {
      expect([name, admin[name]]).toEqual([name, migrate[name]]);
    }
    const password = (name: string, variable: string) => new URL(envOf(name)[variable] ?? '').password;
    expect(password('control-plane', 'LOGURO_DATABASE_URL')).toBe(migrate.LOGURO_CONTROL_PASSWORD);
    expect(password('control-plane', 'LOGURO_QUERY_DATABASE_URL')).toBe(migrate.LOGURO_QUERY_PASSWORD);
    for (const name of ['ingest-api', 'ingest-worker']) {
      expect(password(name, 'LOGURO_DATABASE_URL')).toBe(migrate.LOGURO_INGEST_PASSWORD);
      expect(envOf(name).LOGURO_QUEUE_URL).toBe(admin.LOGURO_QUEUE_URL);
    }
    expect(admin.LOGURO_SECRET_KEY).toBe(envOf('control-plane').LOGURO_SECRET_KEY);
    const redis = secrets.read('secrets-redis', 'redis.conf');
    expect(redis).toContain(`requirepass ${new URL(admin.LOGURO_QUEUE_URL ?? '').password}\n`);
    expect(redis).toMatch(/^appendonly yes$[\s\S]*^maxmemory-policy noeviction$/m);
  });
});

test('the gateway finds the services under the names and ports they have', () => {
  const { environment = {} } = serviceOf(compose, 'gateway');
  for (const [name, variable] of [
    ['control-plane', 'LOGURO_CONTROL_UPSTREAM'],
    ['ingest-api', 'LOGURO_INGEST_UPSTREAM'],
  ] as const) {
    expect(environment[variable]).toBe(`http://${name}:${images.get(name)?.env.LOGURO_PORT}`);
  }
});

test('every process is told where traces go, and has none unless that is set', () => {
  for (const { name } of PROCESSES) {
    const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint = '' } = serviceOf(compose, name).environment ?? {};
    expect([name, endpoint]).toEqual([name, expect.stringMatching(/^\$\{OTEL_EXPORTER_OTLP_ENDPOINT:-\}$/)]);
  }
});

test('clients are told hosts that the gateway routes', () => {
  const { environment: gateway = {} } = serviceOf(compose, 'gateway');
  const { environment: control = {} } = serviceOf(compose, 'control-plane');
  for (const [hosts, url] of [
    ['LOGURO_CONTROL_HOSTS', 'LOGURO_API_URL'],
    ['LOGURO_INGEST_HOSTS', 'LOGURO_INGEST_URL'],
  ] as const) {
    const { hostname } = new URL(withDefaults(control[url] ?? ''));
    expect(withDefaults(gateway[hosts] ?? '').split(',')).toContain(hostname);
  }
});

test('the operator’s image is made from the PostgreSQL that the stack runs, of one exact version like Node', () => {
  expect(args.POSTGRES_IMAGE).toBe(serviceOf(compose, 'postgres').image);
  expect(new Set(bases)).toEqual(new Set([args.NODE_IMAGE, args.POSTGRES_IMAGE]));
  expect(args.NODE_IMAGE).toMatch(/^node:\d+\.\d+\.\d+-bookworm-slim$/);
});

test('docs/docker.md tells of every service, image and setting', () => {
  const page = readFileSync(`${ROOT}docs/docker.md`, 'utf8');
  const settings = [...readFileSync(`${ROOT}docker-compose.yml`, 'utf8').matchAll(/\$\{(\w+):-/g)].map(
    ([, name]) => name,
  );
  const told = [...Object.keys(compose.services), ...settings, args.NODE_IMAGE, args.POSTGRES_IMAGE];
  expect(settings.length).toBeGreaterThan(5);
  expect(told.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});
