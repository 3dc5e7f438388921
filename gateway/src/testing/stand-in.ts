import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createNetServer, type Server as NetServer, type Socket } from 'node:net';

/** A request as a {@link StandIn} received it. */
export interface SeenRequest {
  method: string;
  url: string;
  /** Names in lower case, in the order sent. */
  headers: [name: string, value: string][];
  body: Buffer;
}

/** Answers a request whose body has been read. */
export type Answer = (req: IncomingMessage, res: ServerResponse, seen: SeenRequest) => void;

/** A server in the place of a service, to see what arrives there and to answer as the test needs it. */
export class StandIn {
  readonly seen: SeenRequest[] = [];
  readonly server: Server;
  /** How requests are answered; tests replace it. Default: `200` with a JSON of what was seen. */
  answer: Answer = (_req, res, seen) => {
    const body = JSON.stringify({ method: seen.method, url: seen.url, bytes: seen.body.length });
    res.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) });
    res.end(body);
  };
  /** When set, called at the headers of a request, instead of reading it and answering. */
  takeOver: ((req: IncomingMessage, res: ServerResponse) => void) | undefined;
  /** Connections made so far. */
  connections = 0;

  constructor() {
    this.server = createServer((req, res) => this.#receive(req, res));
    // A body that follows an answer is of no interest; a request that breaks off is, to the test that does it.
    this.server.on('connection', () => {
      this.connections += 1;
    });
  }

  #receive(req: IncomingMessage, res: ServerResponse): void {
    if (this.takeOver !== undefined) {
      this.takeOver(req, res);
      return;
    }
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      const seen = toSeen(req, Buffer.concat(chunks));
      this.seen.push(seen);
      this.answer(req, res, seen);
    });
  }

  /** @param port 0: any */
  async listen(port = 0): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(port, '127.0.0.1', resolve));
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Stops at once, connections included. */
  async close(): Promise<void> {
    if (!this.server.listening) return;
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }
}

function toSeen(req: IncomingMessage, body: Buffer): SeenRequest {
  const headers: [string, string][] = [];
  for (let i = 0; i < req.rawHeaders.length; i += 2) {
    headers.push([(req.rawHeaders[i] as string).toLowerCase(), req.rawHeaders[i + 1] as string]);
  }
  return { method: req.method ?? '', url: req.url ?? '', headers, body };
}

/** Starts a {@link StandIn}. */
export async function startStandIn(): Promise<StandIn> {
  const standIn = new StandIn();
  await standIn.listen();
  return standIn;
}

/** A service that speaks as the test makes it, byte by byte. */
export interface RawStandIn {
  origin: string;
  port: number;
  close(): Promise<void>;
}

/** Starts a server that hands its connections to the test. */
export async function startRawStandIn(onConnection: (socket: Socket) => void): Promise<RawStandIn> {
  const sockets = new Set<Socket>();
  const server: NetServer = createNetServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => socket.destroy());
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    origin: `http://127.0.0.1:${port}`,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
