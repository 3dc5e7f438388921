import type { Server } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises';

/** The connections of a server, as whoever tracks them knows them. */
export interface OpenConnections {
  readonly size: number;
  readonly sockets: Iterable<Duplex>;
}

/** Options of {@link drainServer}. */
export interface DrainOptions {
  /** How long to wait for clients to close their connections, in milliseconds; less when none is left. */
  graceMs: number;
  /** Closes idle connections that are not the server's, which closes its own. */
  closeIdle?: () => void;
}

const CHECK_MS = 25;

/**
 * Lets all connections of a server end without failing anyone. Its answers must say `Connection: close` by now.
 * New connections are still served: whoever sends requests here may need a moment to hear that it should not. Idle
 * connections are left to their clients, which close them earlier than we would; one that we close just when a
 * request is under way would fail that request.
 */
export async function drainServer(
  server: Server,
  connections: OpenConnections,
  { graceMs, closeIdle }: DrainOptions,
): Promise<void> {
  const deadline = performance.now() + graceMs;
  while (connections.size > 0 && performance.now() < deadline) await delay(CHECK_MS);
  await requestsRead();
  let isClosed = false;
  // Closes the idle ones as well.
  const closed = new Promise<void>((resolve) => server.close(() => resolve())).then(() => {
    isClosed = true;
  });
  let silent = silentOnes(connections);
  while (!isClosed) {
    await Promise.race([closed, delay(CHECK_MS)]);
    await requestsRead();
    // A request that was in flight when the grace ended leaves its connection idle: looked for again and again.
    server.closeIdleConnections();
    closeIdle?.();
    // Node takes a connection that never said anything for one whose request is being received. One that is new may
    // be about to: it is given until the next look.
    for (const socket of silent) if (socket.bytesRead === 0) socket.destroy();
    silent = silentOnes(connections);
  }
}

/**
 * Resolves when all that has arrived by now has been read, whatever part of the event loop this is called in. A
 * connection that looks idle may hold a request that came while this process was busy: closing it would lose the request.
 */
export async function requestsRead(): Promise<void> {
  // From one check phase to the next: sockets are polled in between.
  await turn();
  await turn();
}

function silentOnes({ sockets }: OpenConnections): Socket[] {
  return [...sockets].filter((socket) => socket instanceof Socket).filter((socket) => socket.bytesRead === 0);
}
