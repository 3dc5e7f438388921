import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A TCP port that passes connections on. */
export interface Forwarder {
  readonly port: number;
  /** Cuts all connections, and each new one, until {@link Forwarder.restore}. */
  cut(): void;
  restore(): void;
  close(): Promise<void>;
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
