import type { Server } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

/** The connections of a server, as whoever tracks them knows them. */
export interface OpenConnections {
  readonly size: number;
  readonly sockets: Iterable<Duplex>;
}

const CHECK_MS = 25;

/**
 * Lets all connections of a server end without failing anyone. Its answers must say `Connection: close` by now.
 * New connections are still served: whoever sends requests here may need a moment to hear that it should not. Idle
 * connections are left to their clients, which close them earlier than we would; one that we close just when a
 * request is under way would fail that request.
 *
 * @param graceMs how long to wait for that; less when no connection is left
 */
export async function drainServer(server: Server, connections: OpenConnections, graceMs: number): Promise<void> {
  const deadline = performance.now() + graceMs;
  while (connections.size > 0 && performance.now() < deadline) await delay(CHECK_MS);
  const closed = new Promise((resolve) => server.close(resolve));
  // A request that was in flight when the grace ended leaves its connection idle: looked for again and again.
  const sweep = setInterval(() => closeUnused(server, connections), CHECK_MS);
  closeUnused(server, connections);
  await closed;
  clearInterval(sweep);
}

function closeUnused(server: Server, connections: OpenConnections): void {
  server.closeIdleConnections();
  // Node takes a connection that never said anything for one whose request is being received.
  for (const socket of connections.sockets) {
    if (socket instanceof Socket && socket.bytesRead === 0) socket.destroy();
  }
}
