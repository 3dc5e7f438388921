import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { CONTROL_ROUTES } from '@loguro/types';
import { startTestApi, type TestApi } from '../testing/test-api.js';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.stop());

test('every success answer that the contract publishes is really given, in the published form', async () => {
  const tenant = await api.tenant();
  const as = tenant.owner;
  const params = { projectSlug: tenant.project.slug };
  const fields = { a: 'string' };
  const someone = await api.account();

  await api.call('readOpenApi');
  await api.call('readMe', { as });
  await api.call('listProjects', { as });
  await api.call('readProject', { as, params });
  await api.call('updateProject', { as, params, body: { name: 'Renamed' } });

  await api.call('addMember', { as, params, body: { email: someone.email, role: 'viewer' } });
  await api.call('listMembers', { as, params });
  const member = { as, params: { ...params, accountId: someone.id } };
  await api.call('updateMember', { ...member, body: { role: 'editor' } });
  await api.call('removeMember', member);

  const { key } = (await api.call('createKey', { as, params, body: { name: 'k' } })).body;
  await api.call('listKeys', { as, params });
  const keyAt = { as, params: { ...params, keyId: key.id } };
  await api.call('updateKey', { ...keyAt, body: { name: 'l' } });
  await api.call('rotateKey', { ...keyAt, body: { overlapSeconds: 60 } });
  await api.call('revokeKey', keyAt);

  const { token } = (await api.call('createToken', { as, body: { name: 't' } })).body;
  await api.call('listTokens', { as });
  await api.call('rotateToken', { as, params: { tokenId: token.id }, body: { overlapSeconds: 60 } });
  await api.call('revokeToken', { as, params: { tokenId: token.id } });

  for (const _twice of [201, 200]) await api.call('registerDefaultSchema', { as, params, body: fields });
  await api.call('readDefaultSchema', { as, params });
  await api.call('queryDefaultDataset', { as, params, body: {} });
  await api.call('tailDefaultDataset', { as, params, body: {} });
  const { dataset } = (await api.call('createDataset', { as, params, body: { name: 'Orders' } })).body;
  const datasetAt = { as, params: { ...params, datasetId: dataset.id } };
  await api.call('listDatasets', { as, params });
  await api.call('readDataset', datasetAt);
  await api.call('updateDataset', { ...datasetAt, body: { description: 'All of them' } });
  for (const _twice of [201, 200]) await api.call('registerSchema', { ...datasetAt, body: fields });
  await api.call('readSchema', datasetAt);
  await api.call('queryDataset', { ...datasetAt, body: {} });
  const { cursor } = (await api.call('tailDataset', { ...datasetAt, body: {} })).body;
  await api.call('tailDataset', { ...datasetAt, body: { cursor, wait: 0.1 } });
  await api.call('deleteDataset', datasetAt);

  await api.call('listAudit', { as, params });
  await api.call('deleteProject', { as, params });

  const published = Object.entries(CONTROL_ROUTES).flatMap(([operation, { success }]) =>
    Object.keys(success).map((status) => `${operation} ${status}`),
  );
  expect([...api.seen].sort()).toEqual(published.sort());
});
