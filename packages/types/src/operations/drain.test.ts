import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { drainServer } from './drain.js';

const REQUEST = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}';

let server: Server;
let clients: Client[];
const sockets = new Set<Socket>();
const connections = {
  get size() {
    return sockets.size;
  },
  sockets,
};

/** A client that shows all it was sent. */
class Client {
  readonly socket: Socket;
  received = '';
  readonly closed: Promise<unknown>;

  constructor() {
    this.socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    this.socket.on('data', (data) => {
      this.received += data;
    });
    // A reset is how a lost request shows.
    this.socket.on('error', () => undefined);
    this.closed = once(this.socket, 'close');
  }
}

/** A connection that the server has accepted. */
async function accepted(): Promise<Client> {
  const client = new Client();
  clients.push(client);
  await Promise.all([once(client.socket, 'connect'), once(server, 'connection')]);
  return client;
}

/** One that has been used once and rests. */
async function resting(): Promise<Client> {
  const client = await accepted();
  client.socket.write(REQUEST);
  await once(client.socket, 'data');
  client.received = '';
  return client;
}

beforeEach(async () => {
  clients = [];
  server = createServer((req, res) => req.resume().on('end', () => res.end('done')));
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  for (const { socket } of clients) socket.destroy();
  server.closeAllConnections();
  server.close();
});

describe('when the grace is over', () => {
  test.each([
    ['a connection that rested', resting],
    ['a connection that was never used', accepted],
  ])('a request that has come on %s, and was not read yet, is answered', async (_what, open) => {
    const client = await open();
    // The server shares this process: it has had no turn to read since, as after a stall.
    client.socket.write(REQUEST);
    await drainServer(server, connections, { graceMs: 0 });
    await client.closed;
    expect(client.received).toMatch(/^HTTP\/1.1 200 OK\r\n[\s\S]*done/);
  });

  test('connections that rest or were never used are closed, and it ends', async () => {
    const [idle, silent] = [await resting(), await accepted()];
    await drainServer(server, connections, { graceMs: 0 });
    await Promise.all([idle.closed, silent.closed]);
    expect([idle.received, silent.received]).toEqual(['', '']);
    expect(server.listening).toBe(false);
  });

  test('a connection whose answer is still being made is closed only after it', async () => {
    server.removeAllListeners('request');
    let finish = (): void => undefined;
    server.on('request', (_req, res) => {
      finish = () => res.end('late');
    });
    const client = await accepted();
    client.socket.write(REQUEST);
    await once(server, 'request');
    const drained = drainServer(server, connections, { graceMs: 0 });
    const next = await Promise.race([drained.then(() => 'drained'), new Promise((r) => setTimeout(r, 200, 'waits'))]);
    expect(next).toBe('waits');
    finish();
    await drained;
    await client.closed;
    expect(client.received).toContain('late');
  });
});

test('during the grace it ends as soon as the last client has left', async () => {
  const client = await resting();
  const started = performance.now();
  const drained = drainServer(server, connections, { graceMs: 60_000 });
  client.socket.end();
  await drained;
  expect(performance.now() - started).toBeLessThan(5000);
});
