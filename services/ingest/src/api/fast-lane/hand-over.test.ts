import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import { handOver } from './hand-over.js';

const MIB = 1024 * 1024;

let server: Server;
let client: Socket;
afterEach(() => {
  client.destroy();
  server.close();
});

/** A server that gets its connections once their first bytes have come, after `prepare`. */
async function start(prepare: (socket: Socket) => void): Promise<void> {
  server = createServer();
  const [accept] = server.listeners('connection') as [(socket: Socket) => void];
  server.off('connection', accept).on('connection', (socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (bytes) => {
      prepare(socket);
      handOver(socket, bytes, (taken) => accept.call(server, taken));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  client = connect((server.address() as AddressInfo).port, '127.0.0.1');
}

const request = (bytes: number, length = bytes) =>
  `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n${'x'.repeat(bytes)}`;
const nextRequest = () => once(server, 'request') as Promise<[IncomingMessage, ServerResponse]>;

/** Lets the server read until it has read nothing for a while. */
async function untilStill(req: IncomingMessage): Promise<void> {
  for (let still = 0, last = -1; still < 100; last = req.socket.bytesRead) {
    await turn();
    still = req.socket.bytesRead === last ? still + 1 : 0;
  }
}

test.each([
  ['flows', () => undefined, 0],
  ['was paused', (socket: Socket) => void socket.pause(), 0],
  ['was paused with bytes put back', (socket: Socket) => void socket.pause().unshift(Buffer.from('xyz')), 3],
])('a body that nobody reads yet stays with its sender, when the connection %s', async (_how, prepare, putBack) => {
  await start(prepare);
  client.write(request(20 * MIB, 20 * MIB + putBack));
  const [req, res] = await nextRequest();
  await untilStill(req);
  expect(req.readableLength).toBeLessThan(MIB);
  expect(req.complete).toBe(false);
  expect((await text(req)).length).toBe(20 * MIB + putBack);
  res.end('read');
  const [answer] = (await once(client, 'data')) as [Buffer];
  expect(answer.toString()).toContain('read');
});

test('the connection serves requests until it is closed, and its server hears of that', async () => {
  await start(() => undefined);
  for (let i = 0; i < 3; i++) {
    client.write(request(10));
    const [req, res] = await nextRequest();
    expect((await text(req)).length).toBe(10);
    res.end();
    await once(client, 'data');
  }
  client.end();
  await once(client.resume(), 'close');
  const connections = new Promise((resolve) => server.getConnections((_error, count) => resolve(count)));
  expect(await connections).toBe(0);
});
