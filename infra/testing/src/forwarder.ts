import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A TCP port that passes connections on. */
export interface Forwarder {
  readonly port: number;
  /** Connections made so far stay open and carry nothing any more, in either direction. */
  freeze(): void;
  /** Cuts all connections, and each new one, until {@link Forwarder.restore}. */
  cut(): void;
  restore(): void;
  close(): Promise<void>;
}

/** A {@link Forwarder} in front of one server. */
export interface ServerForwarder extends Forwarder {
  /** The server's URL, by way of this. */
  readonly url: string;
}

/** @param choose the local port that a new connection goes to; undefined: it is cut */
export async function startForwarder(choose: () => number | undefined): Promise<Forwarder> {
  const sockets = new Set<Socket>();
  let isCut = false;
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const port = isCut ? undefined : choose();
    if (port === undefined) {
      client.on('error', () => undefined).resetAndDestroy();
      return;
    }
    const target = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    join(client, target, sockets);
    join(target, client, sockets);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cutAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    freeze() {
      for (const socket of sockets) socket.unpipe().pause();
    },
    cut() {
      isCut = true;
      cutAll();
    },
    restore() {
      isCut = false;
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      cutAll();
      await closed;
    },
  };
}

/** A network, which can fail, to the server of this machine that a URL names. */
export async function forwardTo(targetUrl: string): Promise<ServerForwarder> {
  const url = new URL(targetUrl);
  const target = Number(url.port);
  const forwarder = await startForwarder(() => target);
  url.port = String(forwarder.port);
  return { ...forwarder, url: url.href };
}

/** What `from` says reaches `to`, its end and its failure included. */
function join(from: Socket, to: Socket, sockets: Set<Socket>): void {
  sockets.add(from);
  from.on('error', () => to.resetAndDestroy());
  from.on('close', () => {
    sockets.delete(from);
    if (!from.readableEnded) to.destroy();
  });
  from.pipe(to);
}
