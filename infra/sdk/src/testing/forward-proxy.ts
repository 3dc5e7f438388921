import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createServer as createTlsServer } from 'node:tls';

/** A proxy as companies have them: programs reach what is outside through it alone. */
export interface ForwardProxy {
  /** With the credentials it asks for. */
  url: string;
  /** The same without. */
  urlWithoutCredentials: string;
  /** What it was asked to connect to, in order: `host:port`. */
  asked: string[];
  close(): Promise<void>;
}

const CREDENTIALS = 'Basic bWU6c2VjcmV0'; // me:secret

/**
 * Starts a proxy on 127.0.0.1 that knows CONNECT (RFC 9110 §9.3.6) and asks for credentials.
 *
 * @param ports where on this machine it finds what it is asked for: port by `host:port`
 */
export async function startForwardProxy(ports: Readonly<Record<string, number>>): Promise<ForwardProxy> {
  const asked: string[] = [];
  const sockets = new Set<Duplex>();
  const server = createServer((_request, response) => void response.writeHead(405).end());
  server.on('connection', (socket: Socket) => sockets.add(socket));
  server.on('connect', (request, socket, head) => {
    socket.on('error', () => undefined);
    const target = request.url ?? '';
    const refuse = (status: string) => socket.end(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\n\r\n`);
    if (request.headers['proxy-authorization'] !== CREDENTIALS) return refuse('407 Proxy Authentication Required');
    asked.push(target);
    const port = ports[target];
    if (port === undefined) return refuse('502 Bad Gateway');
    const upstream = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.write(head);
      upstream.pipe(socket).pipe(upstream);
    });
    sockets.add(upstream);
    upstream.on('error', () => socket.destroy());
  });
  const port = await listening(server);
  return {
    url: `http://me:secret@127.0.0.1:${port}`,
    urlWithoutCredentials: `http://127.0.0.1:${port}`,
    asked,
    close: () => closed(server, sockets),
  };
}

/** Starts a port that speaks TLS and passes what it hears on to another one. */
export async function startTlsPort(to: number, certificate: { key: string; cert: string }) {
  const sockets = new Set<Duplex>();
  const server = createTlsServer(certificate, (socket) => {
    const upstream = connect(to, '127.0.0.1');
    for (const one of [socket, upstream]) {
      sockets.add(one);
      one.on('error', () => undefined);
    }
    upstream.pipe(socket).pipe(upstream);
  });
  return { port: await listening(server), close: () => closed(server, sockets) };
}

async function listening(server: ReturnType<typeof createServer | typeof createTlsServer>): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function closed(
  server: ReturnType<typeof createServer | typeof createTlsServer>,
  sockets: ReadonlySet<Duplex>,
): Promise<void> {
  for (const socket of sockets) socket.destroy();
  server.close();
  await once(server, 'close');
}
