import { beforeAll, expect, test } from '@jest/globals';
import { type ContractChecker, createContractChecker, type StackProject, sharedStack } from '@loguro/testing';
import { CONTROL_ROUTES } from '@loguro/types';
import {
  AccountClient,
  count,
  DatasetIngestClient,
  DatasetQueryClient,
  defineDataset,
  type FetchLike,
} from '../../../packages/datasets/src/index.js';

let stack: StackProject;
let checker: ContractChecker;
let account: AccountClient;
let loguro: DatasetQueryClient;

/** The platform's fetch; every answer is checked against the published contract before the SDK sees it. */
const checkedFetch: FetchLike = async (url, init) => {
  const { pathname, search, port } = new URL(url);
  const answer = await fetch(`http://127.0.0.1:${port}${pathname}${search}`, init);
  const text = await answer.clone().text();
  const json = answer.headers.get('content-type')?.startsWith('application/json');
  const body = json && text !== '' ? JSON.parse(text) : undefined;
  checker.check({ method: init.method, path: pathname + search, status: answer.status, body });
  return answer;
};

beforeAll(async () => {
  checker = createContractChecker();
  stack = await sharedStack();
  const options = { pat: stack.pat, baseUrl: stack.apiUrl, fetch: checkedFetch };
  account = new AccountClient(options);
  loguro = new DatasetQueryClient({ ...options, project: stack.project });
}, 180_000);

test('the account and its token say who is calling', async () => {
  const { account: who, token } = await account.me();
  expect(who.email).toContain('@');
  expect(token.revokedAt).toBeNull();
});

test('tokens are made, rotated with an overlap, and revoked', async () => {
  const made = await account.tokens.create({ name: 'ci', expiresAt: '2099-01-01T00:00:00Z' });
  expect(made).toMatchObject({
    name: 'ci',
    expiresAt: expect.stringMatching(/^2099-01-01T00:00:00/),
    secret: expect.stringMatching(/^pat_/),
  });
  const next = await account.tokens.rotate(made.id, { overlapSeconds: 60 });
  const asOld = new AccountClient({ pat: made.secret, baseUrl: stack.apiUrl });
  const asNew = new AccountClient({ pat: next.secret, baseUrl: stack.apiUrl });
  expect((await asOld.me()).token.id).toBe(made.id);
  await account.tokens.revoke(next.id);
  await expect(asNew.me()).rejects.toMatchObject({ code: 'revoked_credential', status: 401 });
  expect((await account.tokens.list()).find(({ id }) => id === next.id)?.revokedAt).not.toBeNull();
});

test('projects are made, renamed and deleted; members come, change and go', async () => {
  const project = await account.projects.create({ name: 'Second shop' });
  expect(project).toMatchObject({ slug: 'second-shop', role: 'owner' });
  await account.projects.rename(project.slug, 'The second shop');
  expect(await account.projects.get(project.slug)).toMatchObject({ name: 'The second shop', slug: 'second-shop' });
  const members = account.members(project.slug);
  const [owner, ...others] = await members.list();
  expect(others).toEqual([]);
  await expect(members.setRole(owner?.accountId as number, 'viewer')).rejects.toMatchObject({ code: 'last_owner' });
  await expect(members.remove(owner?.accountId as number)).rejects.toMatchObject({ code: 'last_owner' });
  const stranger = members.add({ email: 'nobody@example.com', role: 'viewer' });
  await expect(stranger).rejects.toMatchObject({ code: 'account_not_found' });
  await account.projects.delete(project.slug);
  expect((await account.projects.list()).map(({ slug }) => slug)).not.toContain(project.slug);
});

test('keys are made, edited, rotated and revoked', async () => {
  const keys = account.keys(stack.project);
  const made = await keys.create({ name: 'page', kind: 'browser', allowedOrigins: ['https://shop.example'] });
  const edited = await keys.edit(made.id, { allowedOrigins: ['https://shop.example', 'https://m.shop.example'] });
  expect(edited.allowedOrigins).toHaveLength(2);
  const next = await keys.rotate(made.id);
  expect(next.secret).not.toBe(made.secret);
  await keys.revoke(next.id);
  expect((await keys.list()).find(({ id }) => id === next.id)?.revokedAt).not.toBeNull();
});

test('the audit log is read page by page to its end', async () => {
  const first = await account.audit(stack.project, { limit: 2 });
  expect(first.events).toHaveLength(2);
  const second = await account.audit(stack.project, { limit: 2, before: first.nextBefore as number });
  expect(second.events[0]?.id).toBeLessThan(first.events[1]?.id as number);
  const ids: number[] = [];
  for await (const { id } of account.auditEvents(stack.project)) ids.push(id);
  expect(ids.slice(0, 2)).toEqual(first.events.map(({ id }) => id));
  expect(ids).toEqual([...ids].sort((a, b) => b - a));
});

test('datasets and schemas go from nothing to gone, and each step says what is missing', async () => {
  const visits = defineDataset({ path: 'string', seconds: 'number?' });
  const { id } = await loguro.datasets.create({ name: 'Visits', description: 'One record a page view' });
  await expect(loguro.schema.get(id)).rejects.toMatchObject({ code: 'schema_not_found', status: 404 });
  await expect(loguro.from(id, visits).run()).rejects.toMatchObject({ code: 'schema_not_found' });
  await expect(loguro.schema.ensure(id, visits)).resolves.toEqual({ version: 1, fields: visits.fields });
  await expect(loguro.schema.ensure(id, visits)).resolves.toEqual({ version: 1, fields: visits.fields });
  await expect(loguro.schema.register(id, defineDataset({ path: 'number' }))).rejects.toMatchObject({
    code: 'schema_conflict',
    status: 409,
  });
  expect(await loguro.datasets.edit(id, { description: null })).toMatchObject({ description: null, status: 'active' });
  expect(await loguro.datasets.get(id)).toMatchObject({ slug: 'visits', schema: { fields: visits.fields } });
  await expect(loguro.from(id, visits).first()).resolves.toEqual({ count: 0 });
  expect((await loguro.datasets.list()).map((dataset) => dataset.id)).toContain(id);
  await loguro.datasets.delete(id);
  await expect(loguro.datasets.get(id)).rejects.toMatchObject({ code: 'dataset_not_found' });
});

test('a definition that breaks a rule the compiler can’t see is refused with the place', async () => {
  const { id } = await loguro.datasets.create({ name: 'Odd' });
  await expect(loguro.schema.register(id, defineDataset({ a: 'string', A: 'number' }))).rejects.toMatchObject({
    code: 'invalid_schema',
    details: [{ path: 'A' }],
  });
});

test('the default dataset is registered, sent to and queried without an id', async () => {
  const definition = defineDataset({ country: 'string', amount: 'number' });
  await loguro.schema.ensure('default', definition);
  await expect(loguro.schema.get('default')).resolves.toMatchObject({ fields: definition.fields });
  const ingest = new DatasetIngestClient({
    projectKey: stack.projectKey,
    dataset: 'default',
    definition,
    baseUrl: stack.ingestUrl,
  });
  const sent = await ingest.send({ country: 'RO', amount: 1 }, { wait: true, requestId: 'first-of-all' });
  expect(sent.status).toBe('stored');
  await expect(
    loguro.from('default', definition).select('country', count()).groupBy('country').rows(),
  ).resolves.toEqual([{ country: 'RO', count: 1 }]);
});

test('records are told as they arrive, and a tail that stopped is gone on with', async () => {
  const definition = defineDataset({ n: 'number' });
  const { id } = await loguro.datasets.ensure('Live', definition);
  const common = { projectKey: stack.projectKey, definition, baseUrl: stack.ingestUrl };
  const ingest = new DatasetIngestClient({ ...common, dataset: id });
  let { cursor } = await loguro.tailPage('default', { limit: 1 });
  expect(await loguro.tailPage('default', { cursor })).toMatchObject({ rows: [], more: false });
  ({ cursor } = await loguro.tailPage(id));
  await ingest.sendBatch([1, 2, 3].map((n) => ({ timestamp: '1999-01-01T00:00:00Z', n })));
  const tail = (from: string) => loguro.from(id, definition).select('n').where('n', '!=', 2).tail({ cursor: from });
  for await (const { n } of tail(cursor)) if (n === 3) break;
  for await (const row of tail(cursor)) {
    expect(row).toEqual({ n: 1 });
    break;
  }
});

test('every operation of the control plane has been called, but the document itself', () => {
  const called = new Set([...checker.seen].map((entry) => entry.split(' ')[0]));
  const missing = Object.keys(CONTROL_ROUTES).filter((operation) => !called.has(operation));
  expect(missing).toEqual(['readOpenApi']);
});
