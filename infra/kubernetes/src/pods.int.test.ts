import { request } from 'node:http';
import { afterEach, expect, test } from '@jest/globals';
import { type PrivatePostgres, type PrivateRedis, startPostgres, startRedis } from '@loguro/testing';
import { find, type Workload } from './manifests.js';
import { render } from './render.js';
import { makeSecrets } from './secrets.js';
import { type Pod, runJob, startPod } from './testing/pod.js';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A GET through the gateway, for a host name that resolves to nothing here. */
function get(
  port: number,
  host: string,
  path: string,
  token: string,
): Promise<{ status: number | undefined; body: string }> {
  return new Promise((resolve, reject) => {
    const headers = { Host: host, Authorization: `Bearer ${token}` };
    const sent = request({ host: '127.0.0.1', port, path, headers }, (response) => {
      let body = '';
      response.on('data', (chunk) => {
        body += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode, body }));
    });
    sent.on('error', reject);
    sent.end();
  });
}

test('in the environment of their pods the migration runs, the processes serve, and they stop within their time', async () => {
  const postgres: PrivatePostgres = await startPostgres();
  closers.push(() => postgres.stop());
  const redis: PrivateRedis = await startRedis();
  closers.push(() => redis.stop());
  const { ownerUrl } = await postgres.createDatabase();
  const secrets = makeSecrets({ LOGURO_MIGRATE_DATABASE_URL: ownerUrl, LOGURO_QUEUE_URL: redis.url });
  const objects = [...render('example'), ...secrets];

  // The roles have other passwords until the Job has given them those of the Secrets.
  runJob('migrate', objects);
  const pods: Record<string, Pod> = {};
  const start = async (name: string, over: Record<string, string> = {}) => {
    const pod = await startPod(name, objects, over);
    closers.push(() => pod.kill());
    expect([await pod.probe('startupProbe'), await pod.probe('livenessProbe')]).toEqual([200, 200]);
    pods[name] = pod;
    return pod;
  };
  const control = await start('control-plane');
  const api = await start('ingest-api');
  await start('ingest-worker');
  const gateway = await start('gateway', {
    LOGURO_CONTROL_UPSTREAM: `http://127.0.0.1:${control.port}`,
    LOGURO_INGEST_UPSTREAM: `http://127.0.0.1:${api.port}`,
    // Ten seconds are for a cluster to notice; nobody has to, here.
    LOGURO_DRAIN_GRACE_MS: '0',
  });

  const printed = control.exec(
    ...['node', 'dist/admin/main.js', 'create-account', '--email', 'you@example.com'],
    ...['--name', 'You', '--project', 'Shop'],
  );
  const pat = /pat_\w+/.exec(printed)?.[0] ?? '';
  const me = await get(gateway.port, 'data.example.com', '/api/me', pat);
  expect([me.status, JSON.parse(me.body)]).toEqual([200, expect.anything()]);
  // It reached ingest, which wants a project's key.
  const ingest = await get(gateway.port, 'ingest.data.example.com', '/datasets/1/receipts/x', pat);
  expect([ingest.status, JSON.parse(ingest.body).code]).toEqual([401, 'wrong_credential']);
  expect(pods['ingest-worker']?.exec('node', 'dist/admin/main.js', 'failed', 'list')).toContain('No job has failed');

  const stopped = await Promise.all(Object.entries(pods).map(async ([name, pod]) => ({ name, ...(await pod.stop()) })));
  for (const { name, code, seconds } of stopped) {
    const { terminationGracePeriodSeconds } = find<Workload>(objects, 'Deployment', name).spec.template.spec;
    expect([name, code, seconds < terminationGracePeriodSeconds]).toEqual([name, 0, true]);
  }
}, 180_000);
