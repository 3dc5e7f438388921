import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { withUrl } from '@loguro/servers';
import { freePorts, type Restartable, restartable, startBalancer } from '@loguro/testing';
import type { Release } from './release.js';
import type { Servers } from './servers.js';

/** The four processes, in the order in which a deploy replaces them. */
export const SERVICES = ['control', 'worker', 'ingest', 'gateway'] as const;
export type Service = (typeof SERVICES)[number];

const PROGRAMS: Readonly<Record<Service, string>> = {
  control: 'services/control-plane/dist/main.js',
  worker: 'services/ingest/dist/worker/main.js',
  ingest: 'services/ingest/dist/api/main.js',
  gateway: 'gateway/dist/main.js',
};

/** A place for one process of a service, which is of one release or of the other. */
export interface Place {
  service: Service;
  /** The release of what runs there. */
  release: Release | undefined;
  /** Ends what runs there as a deploy does. @throws Error when it does not exit with 0 */
  end(): Promise<void>;
  /** Starts the release's process on the same ports, and returns when it is ready. */
  start(release: Release): Promise<void>;
}

/** Two places for each service, with their default drain times. */
export interface Stack {
  /** Base URL of a load balancer before both gateways. */
  url: string;
  /** What the program that migrates needs. */
  adminEnv: Record<string, string>;
  places: Readonly<Record<Service, readonly [Place, Place]>>;
  /** Kills what runs. */
  kill(): Promise<void>;
}

const PASSWORDS = { control: 'control', query: 'query', ingest: 'ingest' };

/** Describes a stack; nothing runs yet but the load balancer. */
export async function createStack({ ownerUrl, redisUrl }: Servers): Promise<Stack> {
  const ports = await freePorts(14);
  const next = () => ports.pop() as number;
  const as = (role: keyof typeof PASSWORDS) => withUrl(ownerUrl, { user: `loguro_${role}`, password: PASSWORDS[role] });
  const secretKey = randomBytes(32).toString('base64');
  const listening = { control: [next(), next()], ingest: [next(), next()], gateway: [next(), next()], worker: [] };
  const urls = (of: 'control' | 'ingest') => listening[of].map((port) => `http://127.0.0.1:${port}`).join(',');
  const queue = { LOGURO_DATABASE_URL: as('ingest'), LOGURO_QUEUE_URL: redisUrl, LOGURO_REDIS_POLICY: 'warn' };
  const environments: Record<Service, Record<string, string>> = {
    control: {
      LOGURO_DATABASE_URL: as('control'),
      LOGURO_QUERY_DATABASE_URL: as('query'),
      LOGURO_SECRET_KEY: secretKey,
      // One client asks all the time, and all are at one address.
      LOGURO_TOKEN_REQUESTS_PER_MINUTE: '0',
      LOGURO_ADDRESS_REQUESTS_PER_MINUTE: '0',
    },
    worker: queue,
    ingest: queue,
    gateway: {
      LOGURO_CONTROL_UPSTREAM: urls('control'),
      LOGURO_INGEST_UPSTREAM: urls('ingest'),
      // All clients are at one address, and one of them tries revoked keys.
      LOGURO_FAILED_CREDENTIALS_PER_MINUTE: '0',
    },
  };
  const backends: { port: number; opsPort: number }[] = [];
  const place = (service: Service, index: number) => {
    const port = listening[service][index];
    const opsPort = next();
    if (service === 'gateway' && port !== undefined) backends.push({ port, opsPort });
    const env = { ...environments[service], ...(port !== undefined && { LOGURO_PORT: String(port) }) };
    return createPlace(service, (root) => restartable(join(root, PROGRAMS[service]), opsPort, env));
  };
  const pair = (service: Service) => [place(service, 0), place(service, 1)] as const;
  const places = { control: pair('control'), worker: pair('worker'), ingest: pair('ingest'), gateway: pair('gateway') };
  const balancer = await startBalancer(backends);
  return {
    url: balancer.url,
    adminEnv: {
      LOGURO_MIGRATE_DATABASE_URL: ownerUrl,
      LOGURO_CONTROL_PASSWORD: PASSWORDS.control,
      LOGURO_QUERY_PASSWORD: PASSWORDS.query,
      LOGURO_INGEST_PASSWORD: PASSWORDS.ingest,
      LOGURO_QUEUE_URL: redisUrl,
      LOGURO_SECRET_KEY: secretKey,
    },
    places,
    async kill() {
      await balancer.close();
      await Promise.all(SERVICES.flatMap((service) => places[service].map((one) => one.kill())));
    },
  };
}

function createPlace(service: Service, launch: (root: string) => Restartable): Place & { kill(): Promise<void> } {
  let process: Restartable | undefined;
  const place = {
    service,
    release: undefined as Release | undefined,
    async end() {
      const code = await process?.end('SIGTERM');
      const last = process?.stdout.at(-1) ?? process?.stderr.at(-1) ?? '';
      if (code !== 0) throw new Error(`${service} of ${place.release?.name} ended with ${code} on SIGTERM: ${last}`);
      place.release = undefined;
    },
    async start(release: Release) {
      process = launch(release.root);
      place.release = release;
      await process.start();
    },
    async kill() {
      await process?.end('SIGKILL');
    },
  };
  return place;
}
