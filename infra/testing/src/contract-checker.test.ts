import { expect, test } from '@jest/globals';
import { createContractChecker } from './contract-checker.js';

const dataset = {
  id: 13,
  name: 'Orders',
  slug: 'orders',
  description: null,
  isDefault: false,
  schema: null,
  status: 'pending_schema',
  createdAt: '2026-06-10T10:00:00.000Z',
  updatedAt: '2026-06-10T10:00:00.000Z',
};
const notFound = { error: 'Project not found', code: 'project_not_found', requestId: 'r' };

test('an answer as published passes, by operation and by the path that was sent', () => {
  const contract = createContractChecker();
  contract.check({ operation: 'createDataset', status: 201, body: { dataset } });
  contract.check({ method: 'get', path: '/api/datasets/local?x=1', status: 404, body: notFound });
  expect([...contract.seen]).toEqual(['createDataset 201', 'listDatasets 404']);
});

test('a field too many, a field too few and a wrong type are reported with their place', () => {
  const contract = createContractChecker();
  const check = (body: unknown) => () => contract.check({ operation: 'createDataset', status: 201, body });
  expect(check({ dataset: { ...dataset, secret: 1 } })).toThrow('dataset.secret is not a known property');
  expect(check({ dataset: { ...dataset, slug: undefined } })).toThrow(/dataset\.slug/);
  expect(check({ dataset: { ...dataset, id: '13' } })).toThrow(/dataset\.id/);
});

test('a status that the contract does not name is reported', () => {
  const contract = createContractChecker();
  expect(() => contract.check({ operation: 'createDataset', status: 200, body: { dataset } })).toThrow('no status 200');
});

test('an error must have the published shape, its own status and a code published for the route', () => {
  const contract = createContractChecker();
  const check = (status: number, body: unknown) => () => contract.check({ operation: 'listDatasets', status, body });
  expect(check(404, { message: 'no' })).toThrow('error is required');
  expect(check(400, notFound)).toThrow('project_not_found belongs to status 404');
  expect(check(422, { ...notFound, code: 'idempotency_key_reused' })).toThrow('not among the errors published');
});

test('an answer without a body must have none', () => {
  const contract = createContractChecker();
  contract.check({ operation: 'deleteDataset', status: 204, body: undefined });
  expect(() => contract.check({ operation: 'deleteDataset', status: 204, body: { deleted: true } })).toThrow('no body');
});

test('a path with fewer parameters wins: a batch is not a dataset called "batch"', () => {
  const contract = createContractChecker();
  const body = { ...notFound, code: 'schema_not_found' };
  contract.check({ method: 'POST', path: '/datasets/batch', status: 404, body });
  expect([...contract.seen]).toEqual(['ingestDefaultBatch 404']);
});

test('a success on a path that the contract does not know is reported', () => {
  const contract = createContractChecker();
  expect(() => contract.check({ method: 'GET', path: '/api/secrets', status: 200, body: {} })).toThrow('no route');
});
