import { expect } from '@jest/globals';
import { metric } from './backends.js';
import type { Answer, Sent, TestApi } from './test-api.js';

/** Sends something that must be refused, and makes sure that nothing of it was accepted. */
export async function refused(api: TestApi, request: Sent, status: number, code: string): Promise<Answer> {
  const before = await acceptedRecords(api);
  const answer = await api.send(request);
  expect([answer.status, answer.body.code]).toEqual([status, code]);
  expect(await acceptedRecords(api)).toBe(before);
  return answer;
}

async function acceptedRecords({ registry }: TestApi): Promise<number> {
  return metric(registry, 'loguro_ingest_accepted_records_total');
}
