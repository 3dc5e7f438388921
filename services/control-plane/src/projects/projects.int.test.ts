import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startTestApi, type TestApi } from '../testing/test-api.js';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.stop());

test('a project is created with its creator as owner, then listed, read, renamed and deleted', async () => {
  const as = await api.account();
  const { body } = await api.call('createProject', { as, body: { name: 'Web Shop' }, expect: 201 });
  expect(body.project).toMatchObject({ name: 'Web Shop', slug: 'web-shop', role: 'owner' });
  const params = { projectSlug: 'web-shop' };
  expect((await api.call('listProjects', { as })).body).toEqual({ projects: [body.project] });
  expect((await api.call('readProject', { as, params })).body).toEqual(body);
  const renamed = await api.call('updateProject', { as, params, body: { name: 'Shop' }, expect: 200 });
  expect(renamed.body.project).toMatchObject({ id: body.project.id, name: 'Shop', slug: 'web-shop', role: 'owner' });
  await api.call('deleteProject', { as, params, expect: 204 });
  await api.call('readProject', { as, params, expect: 404 });
  expect((await api.call('listProjects', { as })).body).toEqual({ projects: [] });
});

test('each member sees a project with a role of its own', async () => {
  const tenant = await api.tenant();
  const viewer = await api.member(tenant, 'viewer');
  const { body } = await api.call('listProjects', { as: viewer });
  expect(body.projects).toMatchObject([{ slug: tenant.project.slug, role: 'viewer' }]);
});

test('projects created at once with one name all get slugs of their own', async () => {
  const accounts = await Promise.all(Array.from({ length: 6 }, () => api.account()));
  const answers = await Promise.all(
    accounts.map((as) => api.call('createProject', { as, body: { name: 'Same' }, expect: 201 })),
  );
  expect(answers.map(({ body }) => body.project.slug).sort()).toEqual([
    'same',
    'same-2',
    'same-3',
    'same-4',
    'same-5',
    'same-6',
  ]);
});

test('deleting a project ends its keys and frees its slug, but its datasets ids stay used', async () => {
  const tenant = await api.tenant();
  const params = { projectSlug: tenant.project.slug };
  await api.call('createKey', { as: tenant.owner, params, body: { name: 'k' }, expect: 201 });
  const dataset = await api.dataset(tenant, { a: 'string' });
  await api.call('deleteProject', { as: tenant.owner, params, expect: 204 });
  const { prisma } = api.database;
  expect(await prisma.projectKey.count({ where: { projectId: tenant.project.id } })).toBe(0);
  expect(await prisma.projectMember.count({ where: { projectId: tenant.project.id } })).toBe(0);
  expect((await api.dataset(await api.tenant())).id).toBeGreaterThan(dataset.id);
});

test('two deletes of one project at the same time: one deletes, the other finds nothing', async () => {
  const tenant = await api.tenant();
  await api.dataset(tenant, { a: 'string' });
  const options = { as: tenant.owner, params: { projectSlug: tenant.project.slug } };
  const answers = await Promise.all([api.call('deleteProject', options), api.call('deleteProject', options)]);
  expect(answers.map(({ status }) => status).sort()).toEqual([204, 404]);
});
