import { createTestDatabase, createTestRedis, type TestDatabase } from '@loguro/testing';
import pg from 'pg';
import { type Logger, pino } from 'pino';
import { Registry } from 'prom-client';
import { type OpenIngestQueue, openIngestQueue } from '../queue/open-ingest-queue.js';
import { loadWorkerConfig, type WorkerConfig } from '../worker/config.js';
import { createWorker, type IngestWorker } from '../worker/create-worker.js';

/** The storage backends of the queue; every promise is tested over both. */
export const BACKENDS = ['redis', 'postgres'] as const;
export type Backend = (typeof BACKENDS)[number];

export const silent = pino({ level: 'silent' });

/** A database, a queue, and whatever is opened on them; `close` closes all of it. */
export interface Bench {
  database: TestDatabase;
  owner: pg.Pool;
  queueUrl: string;
  openQueue(options?: Partial<Parameters<typeof openIngestQueue>[0]>): Promise<OpenIngestQueue>;
  startWorker(config?: Partial<WorkerConfig>, logger?: Logger): Promise<{ worker: IngestWorker; registry: Registry }>;
  close(): Promise<void>;
}

/** Makes a bench whose queue is on the given backend, empty. */
export async function createBench(backend: Backend): Promise<Bench> {
  const database = await createTestDatabase();
  const redis = backend === 'redis' ? await createTestRedis() : undefined;
  const owner = new pg.Pool({ connectionString: database.ownerUrl, max: 4 });
  const queueUrl = redis?.url ?? database.ingestUrl;
  const closers: (() => Promise<void>)[] = [];
  return {
    database,
    owner,
    queueUrl,
    async openQueue(options = {}) {
      // The run's shared Redis keeps no file: it is thrown away with its tests.
      const queue = await openIngestQueue({
        url: queueUrl,
        logger: silent,
        registry: new Registry(),
        redisPolicy: 'warn',
        ...options,
      });
      closers.push(() => queue.close());
      return queue;
    },
    async startWorker(config = {}, logger = silent) {
      const defaults = loadWorkerConfig({ LOGURO_DATABASE_URL: database.ingestUrl, LOGURO_QUEUE_URL: queueUrl });
      const registry = new Registry();
      const worker = await createWorker({
        config: { ...defaults, redisPolicy: 'warn', ...config },
        logger,
        registry,
        onHopeless: () => undefined,
      });
      closers.push(() => worker.stop());
      return { worker, registry };
    },
    async close() {
      for (const close of closers.reverse()) await close();
      await owner.end();
      await redis?.drop();
      await database.drop();
    },
  };
}

/** A counter's or gauge's value, its labels added up. */
export async function metric(registry: Registry, name: string): Promise<number> {
  const found = await registry.getSingleMetric(name)?.get();
  if (found === undefined) throw new Error(`No metric is called ${name}.`);
  return found.values.reduce((sum, { value }) => sum + value, 0);
}
