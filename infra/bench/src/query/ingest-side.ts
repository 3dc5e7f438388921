import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { findRedis, startRedisServer, withClient } from '@loguro/servers';
import type { DrainTarget } from '../ingest/drain.js';
import { FIELDS, httpRequest, record } from '../ingest/rows.js';
import { type Service, startService } from '../ingest/service.js';
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
  const owner = <T>(sql: string) =>
    withClient(stack.ownerUrl, async (client) => (await client.query(sql)).rows[0] as T | undefined);
  return {
    dataset: dataset.id,
    api,
    request: httpRequest(`/datasets/${dataset.id}`, secret, JSON.stringify(record(1))),
    queueUrl: () => redis.url,
    startWorker: () => startService('worker', { ...env, LOGURO_REDIS_POLICY: 'warn' }),
    async stored() {
      const sum = 'SELECT coalesce(sum(records), 0)::float8 AS stored FROM ingest.committed_chunks';
      return (await owner<{ stored: number }>(sum))?.stored ?? 0;
    },
    async truncate() {
      await owner(`TRUNCATE records.dataset_${dataset.id}`);
    },
    async close() {
      await api.stop();
      await redis.stop();
    },
  };
}
