import { afterEach, describe, expect, test } from '@jest/globals';
import { forwardTo, type ServerForwarder, waitFor } from '@loguro/testing';
import { GOOD_RECORD, startTestApi, type TestApi } from '../testing/test-api.js';

/** What is promised. Measured from the commit to an answer that was asked for after it. */
const PROMISED_MS = 1000;

let api: TestApi;
let proxy: ServerForwarder | undefined;

async function start(proxied = false): Promise<void> {
  api = await startTestApi({
    config: { databaseTimeoutMs: 1000 },
    through: async (url) => {
      if (!proxied) return url;
      proxy = await forwardTo(url);
      return proxy.url;
    },
  });
}

afterEach(async () => {
  await api.close();
  await proxy?.close();
  proxy = undefined;
});

const post = (key: string, dataset = api.dataset.id) =>
  api.send({ path: `/datasets/${dataset}?dry_run=true`, key, body: GOOD_RECORD });

/** Sends requests until one is answered with the status; returns how long after the call that one was sent, in ms. */
async function seenAfter(key: string, status: number, dataset?: number): Promise<number> {
  const started = performance.now();
  return waitFor(
    async () => {
      const sent = performance.now() - started;
      return (await post(key, dataset)).status === status ? sent + 1 : null;
    },
    { timeoutMs: 5000, what: `an answer with ${status}`, intervalMs: 5 },
  );
}

const revoke = (id: number) => api.bench.owner.query('UPDATE project_keys SET revoked_at = now() WHERE id = $1', [id]);

const killFeed = () =>
  api.bench.owner.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE application_name = 'loguro-ingest-changes' AND datname = current_database()`,
  );

describe('within one second', () => {
  test('a revoked key is refused, and so is one of a deleted project', async () => {
    await start();
    const { id, token } = await api.addKey();
    expect((await post(token)).status).toBe(200);
    await revoke(id);
    expect(await seenAfter(token, 401)).toBeLessThan(PROMISED_MS);
    await api.bench.owner.query('DELETE FROM projects WHERE id = $1', [api.dataset.project]);
    expect(await seenAfter(api.key, 401)).toBeLessThan(PROMISED_MS);
  });

  test('a registered schema, a new key and a deleted dataset are seen, also where they were asked for in vain before', async () => {
    await start();
    const dataset = await api.addDataset();
    const { token } = await api.addKey({ project: dataset.project });
    await api.bench.owner.query('UPDATE datasets SET fields = NULL WHERE id = $1', [dataset.id]);
    await seenAfter(token, 404, dataset.id);
    await api.bench.owner.query(
      `UPDATE datasets SET fields = '[["country","string"],["amount","number"]]' WHERE id = $1`,
      [dataset.id],
    );
    expect(await seenAfter(token, 200, dataset.id)).toBeLessThan(PROMISED_MS);
    await dataset.remove();
    expect(await seenAfter(token, 404, dataset.id)).toBeLessThan(PROMISED_MS);
    expect((await post(token, dataset.id + 1)).status).toBe(404);
    const next = await api.addDataset();
    expect(next.id).toBe(dataset.id + 1);
    await api.bench.owner.query("UPDATE datasets SET project_id = $1, slug = 'n' WHERE id = $2", [
      dataset.project,
      next.id,
    ]);
    expect(await seenAfter(token, 200, next.id)).toBeLessThan(PROMISED_MS);
  });

  test('a browser key loses an origin', async () => {
    await start();
    const { id, token } = await api.addKey({ kind: 'browser', origins: ['https://a.example'] });
    const ask = () =>
      api.send({
        path: `/datasets/${api.dataset.id}?dry_run=true`,
        key: token,
        body: GOOD_RECORD,
        headers: { Origin: 'https://a.example' },
      });
    expect((await ask()).status).toBe(200);
    await api.bench.owner.query("UPDATE project_keys SET allowed_origins = '{https://b.example}' WHERE id = $1", [id]);
    await waitFor(async () => (await ask()).status === 403, {
      timeoutMs: PROMISED_MS,
      what: 'the origin to be refused',
    });
  });

  test('a signing key that is deleted takes its tokens with it, and one that is added brings them', async () => {
    await start();
    const { kid } = api.signingKey;
    await post(api.key);
    await api.bench.owner.query(`
      CREATE TABLE kept AS SELECT * FROM signing_keys;
      ALTER TABLE project_keys DROP CONSTRAINT project_keys_signing_kid_fkey;
      DELETE FROM signing_keys WHERE kid = '${kid}'`);
    expect(await seenAfter(api.key, 401)).toBeLessThan(PROMISED_MS);
    await api.bench.owner.query('INSERT INTO signing_keys SELECT * FROM kept');
    expect(await seenAfter(api.key, 200)).toBeLessThan(PROMISED_MS);
  });

  test('a signing key that is retired takes its tokens with it', async () => {
    await start();
    await post(api.key);
    const retire = 'UPDATE signing_keys SET retired_at = $2 WHERE kid = $1';
    await api.bench.owner.query(retire, [api.signingKey.kid, new Date()]);
    expect(await seenAfter(api.key, 401)).toBeLessThan(PROMISED_MS);
    await api.bench.owner.query(retire, [api.signingKey.kid, null]);
    expect(await seenAfter(api.key, 200)).toBeLessThan(PROMISED_MS);
  });

  test('a revocation is seen although the change feed was cut just before it', async () => {
    await start();
    for (let round = 0; round < 5; round++) {
      const { id, token } = await api.addKey();
      expect((await post(token)).status).toBe(200);
      await killFeed();
      await revoke(id);
      expect(await seenAfter(token, 401)).toBeLessThan(PROMISED_MS);
    }
  });

  test('a revocation is seen while the change feed is cut again and again', async () => {
    await start();
    let stop = false;
    const cutting = (async () => {
      while (!stop) await killFeed();
    })();
    const { id, token } = await api.addKey();
    expect((await post(token)).status).toBe(200);
    await revoke(id);
    expect(await seenAfter(token, 401)).toBeLessThan(PROMISED_MS);
    stop = true;
    await cutting;
  });

  test('a revocation is seen although the connections to the database are half-open', async () => {
    await start(true);
    const { id, token } = await api.addKey();
    expect((await post(token)).status).toBe(200);
    proxy?.freeze();
    await revoke(id);
    const started = performance.now();
    let lastAccepted = 0;
    await waitFor(
      async () => {
        const sent = performance.now() - started;
        const { status } = await post(token);
        if (status === 200) lastAccepted = sent;
        return status === 401;
      },
      { timeoutMs: 8000, what: 'new connections to show the revocation', intervalMs: 5 },
    );
    expect(lastAccepted).toBeLessThan(PROMISED_MS);
    proxy?.cut();
  });
});

test('the change feed comes back by itself', async () => {
  await start();
  const isReady = () => api.api.readiness().then((problems) => problems.length === 0);
  expect(await isReady()).toBe(true);
  await killFeed();
  await waitFor(async () => !(await isReady()), { what: 'the loss to be noticed', intervalMs: 1 });
  await waitFor(isReady, { timeoutMs: 3000, what: 'the feed to be back' });
});

test('while the database is away the answer is 503, quickly and for pages too, and all is well when it returns', async () => {
  await start(true);
  const browser = await api.addKey({ kind: 'browser', origins: ['https://shop.example'] });
  expect((await post(api.key)).status).toBe(200);
  proxy?.cut();
  await waitFor(async () => (await post(api.key)).status === 503, {
    timeoutMs: PROMISED_MS,
    what: 'the outage to show',
  });
  const started = performance.now();
  const answers = await Promise.all(Array.from({ length: 50 }, () => post(api.key)));
  expect(performance.now() - started).toBeLessThan(2500);
  for (const { status, body, headers } of answers) {
    expect([status, body.code]).toEqual([503, 'unavailable']);
    expect(headers.get('retry-after')).toBe('1');
    expect(JSON.stringify(body)).not.toMatch(/ECONNREFUSED|postgres|SELECT/i);
  }
  const origin = { Origin: 'https://shop.example' };
  const page = await api.send({
    path: `/datasets/${api.dataset.id}`,
    key: browser.token,
    body: GOOD_RECORD,
    headers: origin,
  });
  expect([page.status, page.headers.get('access-control-allow-origin')]).toEqual([503, 'https://shop.example']);
  const server = await api.send({ path: `/datasets/${api.dataset.id}`, body: GOOD_RECORD, headers: origin });
  expect([server.status, server.headers.get('access-control-allow-origin')]).toEqual([503, null]);
  expect(await api.api.readiness()).toContain('The database does not answer.');
  proxy?.restore();
  await waitFor(async () => (await post(api.key)).status === 200, { timeoutMs: 5000, what: 'the recovery' });
});
