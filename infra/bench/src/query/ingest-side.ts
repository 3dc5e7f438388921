import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { findRedis, startRedisServer } from '@loguro/servers';
import type { DrainTarget } from '../ingest/drain.js';
import { FIELDS, httpRequest, record } from '../ingest/rows.js';
import { type Service, startService } from '../ingest/service.js';
import { watchStoredRows } from '../ingest/stored-rows.js';
import type { QueryStack } from './stack.js';

/** Ingest on the PostgreSQL of the queries, into a dataset of its own. */
export interface IngestSide extends DrainTarget {
  api: Service;
  /** A whole request with one record. */
  request: string;
  close(): Promise<void>;
}

/** Starts Redis and the ingest API; workers come with the measurements. */
export async function startIngestSide(stack: QueryStack, say: (line: string) => void): Promise<IngestSide> {
  const folder = join(stack.folder, 'redis');
  mkdirSync(folder);
  const redis = await startRedisServer({ program: findRedis({ path: process.env.PATH ?? '', say }), folder });
  const { dataset } = await stack.post<{ dataset: { id: number } }>('/datasets/bench', { name: 'Events' });
  await stack.post(`/datasets/bench/${dataset.id}/schema`, { fields: FIELDS });
  const { secret } = await stack.post<{ secret: string }>('/projects/bench/keys', { name: 'bench', kind: 'server' });
  const env = { LOGURO_DATABASE_URL: stack.ingestUrl, LOGURO_QUEUE_URL: redis.url };
  const api = await startService('api', { ...env, LOGURO_REDIS_POLICY: 'warn' });
  const rows = await watchStoredRows(stack.ownerUrl, `records.dataset_${dataset.id}`);
  return {
    dataset: dataset.id,
    api,
    request: httpRequest(`/datasets/${dataset.id}`, secret, JSON.stringify(record(1))),
    queueUrl: () => redis.url,
    startWorker: () => startService('worker', { ...env, LOGURO_REDIS_POLICY: 'warn' }),
    stored: rows.stored,
    truncate: rows.truncate,
    async close() {
      await rows.close();
      await api.stop();
      await redis.stop();
    },
  };
}
