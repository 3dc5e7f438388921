import { expect, test } from '@jest/globals';
import { RENDER_TIMEOUT_MS } from './kubectl.js';
import { containerOf, workloadsOf } from './manifests.js';
import { mayConnect } from './network.js';
import { render } from './render.js';

test(
  'among the pods of a trial, those connections are allowed that the processes make, and no other',
  () => {
    const objects = render('trial');
    const pods = workloadsOf(objects);
    const allowed = new Set<string>();
    for (const from of pods) {
      for (const to of pods) {
        for (const { containerPort } of containerOf(to).ports ?? []) {
          if (!mayConnect(objects, from, to, containerPort)) continue;
          // Clients come from anywhere, so the gateway's port is open; who may call out is what is looked at here.
          allowed.add(`${from.metadata.name} to ${to.metadata.name}:${containerPort}`);
        }
      }
    }
    expect([...allowed].sort()).toEqual([
      'control-plane to postgres:5432',
      'gateway to control-plane:8081',
      'gateway to ingest-api:8082',
      'ingest-api to postgres:5432',
      'ingest-api to redis:6379',
      'ingest-worker to postgres:5432',
      'ingest-worker to redis:6379',
      'migrate to postgres:5432',
    ]);
  },
  RENDER_TIMEOUT_MS,
);
