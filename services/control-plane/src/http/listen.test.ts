import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { waitFor } from '@loguro/testing';
import { type Listening, listen } from './listen.js';

const agents: Agent[] = [];
afterEach(() => {
  for (const agent of agents.splice(0)) agent.destroy();
});

/** A client with one connection of its own, kept open between requests. */
function client({ port }: Listening): () => Promise<string | undefined> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  agents.push(agent);
  return () =>
    new Promise((resolve, reject) => {
      request({ host: '127.0.0.1', port, agent }, (response) => {
        response.resume().once('end', () => resolve(response.headers.connection));
      })
        .once('error', reject)
        .end();
    });
}

const start = (drainMs: number, answer: () => Promise<void> = () => Promise.resolve()) =>
  listen((_req, res) => void answer().then(() => res.end('ok')), {
    host: '127.0.0.1',
    port: 0,
    requestTimeoutMs: 5000,
    drainMs,
  });

test('while it drains, idle connections and new ones are answered once more, so that no client fails', async () => {
  const server = await start(10_000);
  const [idle, late] = [client(server), client(server)];
  expect(await idle()).toBe('keep-alive');
  const stopped = server.stop();
  expect(await late()).toBe('close');
  expect(await idle()).toBe('close');
  // Both connections are gone: nothing is left to wait for.
  await stopped;
  await expect(late()).rejects.toThrow('ECONNREFUSED');
});

test('a request that was in flight when the drain began closes its connection', async () => {
  let answer: (() => void) | undefined;
  const server = await start(
    10_000,
    () =>
      new Promise<void>((resolve) => {
        answer = resolve;
      }),
  );
  const slow = client(server)();
  const release = await waitFor(() => answer, { what: 'the request to arrive' });
  const stopped = server.stop();
  release();
  expect(await slow).toBe('close');
  await stopped;
});

test('connections that stay silent are closed when the drain is over', async () => {
  const server = await start(100);
  const silent = connect(server.port, '127.0.0.1');
  await once(silent, 'connect');
  const idle = client(server);
  await idle();
  const closed = once(silent, 'close');
  await server.stop();
  await closed;
});
