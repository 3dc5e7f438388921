import type { Fields, Query, QueryResult } from '@loguro/types';
import { Client } from 'pg';
import { startTestApi } from '../../testing/test-api.js';
import type { StreamType } from '../row-formats.js';
import { createQueryFixture, insertRecords, type TestRecord } from './record-fixture.js';

/** A dataset that can be asked. */
export interface Asked {
  page(query: Query): Promise<QueryResult>;
  /** The whole body of a streamed answer. */
  text(query: Query, type: StreamType): Promise<string>;
}

/** Makes datasets that are asked in one of the two ways. */
export interface Asker {
  dataset(fields: Fields, records: readonly TestRecord[]): Promise<Asked>;
  close(): Promise<void>;
}

/** Asks the service itself, some datasets at the same time. */
export async function askService(lanes: number): Promise<Asker> {
  const fixture = await createQueryFixture({ poolSize: 2 * lanes, queriesPerProject: 2 * lanes, streams: 2 * lanes });
  const never = new AbortController().signal;
  return {
    async dataset(fields, records) {
      const target = await fixture.dataset(fields, records);
      return {
        page: (query) => fixture.service.run(target, query, never),
        async text(query, type) {
          let text = '';
          for await (const chunk of (await fixture.service.stream(target, query, type, never)).chunks) text += chunk;
          return text;
        },
      };
    },
    close: () => fixture.close(),
  };
}

/** Asks over HTTP, where queries are first held to their published schema, and answers to theirs. */
export async function askApi(): Promise<Asker> {
  const api = await startTestApi({ LOGURO_TOKEN_REQUESTS_PER_MINUTE: '0', LOGURO_ADDRESS_REQUESTS_PER_MINUTE: '0' });
  const tenant = await api.tenant();
  const owner = new Client({ connectionString: api.databases.ownerUrl });
  await owner.connect();
  return {
    async dataset(fields, records) {
      const { id } = await api.dataset(tenant, fields);
      await insertRecords(owner, { id, fields, projectId: tenant.project.id }, records);
      const params = { projectSlug: tenant.project.slug, datasetId: id };
      return {
        async page(body) {
          return (await api.call('queryDataset', { as: tenant.owner, params, body, expect: 200 })).body as QueryResult;
        },
        async text(query, type) {
          const headers = {
            Authorization: `Bearer ${tenant.owner.pat}`,
            'Content-Type': 'application/json',
            Accept: type,
          };
          const url = `${api.url}/api/datasets/${params.projectSlug}/${id}/query`;
          const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(query) });
          const text = await answer.text();
          if (!answer.ok) throw new Error(text);
          return text;
        },
      };
    },
    async close() {
      await owner.end();
      await api.stop();
    },
  };
}
