import { randomInt } from 'node:crypto';
import { createServer, type Server } from 'node:net';

/**
 * Below what systems give to outgoing connections, which start at 32768 (Linux) or above. Asking the system for any free
 * port gives one of those, and then some connection may have it by the time it is listened on, or listened on again.
 */
const RANGE = { first: 20_000, count: 12_000 };

/** A TCP port of 127.0.0.1 that nothing listens on right now. Another process may still take it first. */
export async function freePort(): Promise<number> {
  const [port] = await freePorts(1);
  return port as number;
}

/** The next one to try; each process begins somewhere else. */
let next = randomInt(RANGE.count);

/** Several at once, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  for (let tried = 0; ports.length < count; tried += 1) {
    if (tried === RANGE.count) throw new Error(`There are no ${count} free ports from ${RANGE.first} on.`);
    const port = RANGE.first + next;
    next = (next + 1) % RANGE.count;
    if ((await portFault(port, '127.0.0.1')) === undefined) ports.push(port);
  }
  return ports;
}

/**
 * Why a port can't be listened on, as the system's error code such as `EADDRINUSE` or `EACCES`; undefined
 * when it can.
 */
export async function portFault(port: number, host: string): Promise<string | undefined> {
  try {
    const server = await listen(port, host);
    await new Promise((resolve) => server.close(resolve));
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}

function listen(port: number, host: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port, host, exclusive: true }, () => resolve(server));
  });
}
