import { setTimeout as delay } from 'node:timers/promises';
import { type Answer, call, type LocalFile } from '@loguro/local';
import type { Row } from './questions.js';

/** What the demo needs of the public HTTP API. */
export interface DemoApi {
  /** A fresh dataset with these fields; the one of an earlier demo is deleted. Returns its id. */
  prepareDataset(fields: Record<string, string>): Promise<number>;
  /** Hands over records; returns when they are accepted. The key makes a repeat harmless. */
  send(datasetId: number, records: readonly object[], idempotencyKey: string): Promise<void>;
  query(datasetId: number, body: object): Promise<Row[]>;
}

const NAME = 'Flights';
/** Tells the demo's own dataset from another of that name. */
const DESCRIPTION = 'US flights of 2001, loaded by npx pnpm demo (replaced by its next run)';
const ATTEMPTS = 60;

/** The API of a running stack. */
export function demoApi({ apiUrl, ingestUrl, project, pat, projectKey }: LocalFile): DemoApi {
  const datasets = `/api/datasets/${project}`;
  const control = async (method: string, path: string, status: number, body?: object) => {
    const answer = await call({ baseUrl: apiUrl, method, path, token: pat, ...(body && { body }) });
    if (answer.status !== status) throw refused(`${method} ${path}`, answer);
    return answer.body;
  };
  return {
    async prepareDataset(fields) {
      const list = (await control('GET', datasets, 200)) as { datasets: { id: number; description: string | null }[] };
      for (const { id } of list.datasets.filter(({ description }) => description === DESCRIPTION)) {
        await control('DELETE', `${datasets}/${id}`, 204);
      }
      const created = await control('POST', datasets, 201, { name: NAME, description: DESCRIPTION });
      const { id } = (created as { dataset: { id: number } }).dataset;
      await control('POST', `${datasets}/${id}/schema`, 201, { fields });
      return id;
    },
    async send(datasetId, records, idempotencyKey) {
      const request = {
        baseUrl: ingestUrl,
        method: 'POST',
        path: `/datasets/${datasetId}/batch`,
        token: projectKey,
        json: JSON.stringify(records),
        headers: { 'idempotency-key': idempotencyKey },
      };
      for (let attempt = 1; ; attempt += 1) {
        const answer = await call(request);
        if (answer.status === 202) return;
        // A schema takes up to a second to be known there; a full queue says when to come back.
        const later = [404, 429, 503].includes(answer.status);
        if (!later || attempt === ATTEMPTS) throw refused(`POST ${request.path}`, answer);
        await delay(1000 * Math.min(Number(answer.headers['retry-after'] ?? 0.25), 10));
      }
    },
    async query(datasetId, body) {
      const answer = await control('POST', `${datasets}/${datasetId}/query`, 200, body);
      return (answer as { rows: Row[] }).rows;
    },
  };
}

function refused(what: string, { status, body }: Answer): Error {
  return new Error(`${what} was answered ${status}: ${JSON.stringify(body)}`);
}
