import { type AddressInfo, createServer, type Server, Socket } from 'node:net';

/** A network between a client and PostgreSQL that can fail in the ways networks do. */
export interface TcpProxy {
  /** The given URL, through the proxy. */
  url: string;
  /** Connections made so far stay open and carry nothing any more, in either direction. */
  freeze(): void;
  /** Cuts all connections and refuses new ones until {@link TcpProxy.restore}. */
  cut(): Promise<void>;
  restore(): Promise<void>;
  close(): Promise<void>;
}

/** Starts a proxy in front of the server that a URL names. */
export async function startTcpProxy(targetUrl: string): Promise<TcpProxy> {
  const target = new URL(targetUrl);
  const sockets = new Set<Socket>();
  const accept = (client: Socket) => {
    const upstream = new Socket();
    upstream.connect(Number(target.port), target.hostname);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.on('error', () => undefined);
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
      from.pipe(to);
    }
  };
  let server: Server = createServer(accept);
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const url = new URL(targetUrl);
  url.port = String(port);
  const cut = async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  return {
    url: url.href,
    freeze() {
      for (const socket of sockets) {
        socket.unpipe();
        socket.pause();
      }
    },
    cut,
    async restore() {
      server = createServer(accept);
      await listen(port);
    },
    close: cut,
  };
}
