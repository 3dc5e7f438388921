import { once } from 'node:events';
import { type ClientRequest, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the network does to one request. */
export type Fault =
  /** Nothing: it passes, and so does its answer. */
  | 'none'
  /** The connection breaks before the service sees anything. */
  | 'cut request'
  /** The service does its work, and its answer is lost. */
  | 'lose answer'
  /** The service does its work, and its answer is cut in two. */
  | 'cut answer'
  /** Something in between says 503 and asks to come back. */
  | 'refuse';

/** A network between a client and the gateway. */
export interface FaultProxy {
  /** Takes the place of the URL behind it: the same host name, another port. */
  url: string;
  /** How often each fault happened. */
  seen: Map<Fault, number>;
  close(): Promise<void>;
}

/** @param choose says what happens to the next request */
export async function startFaultProxy(target: string, choose: () => Fault): Promise<FaultProxy> {
  const { hostname, port } = new URL(target);
  const seen = new Map<Fault, number>();
  const server = createServer((incoming, answer) => {
    const fault = choose();
    seen.set(fault, (seen.get(fault) ?? 0) + 1);
    if (fault === 'cut request') incoming.socket.destroy();
    else if (fault === 'refuse') refuse(incoming, answer);
    else forward(incoming, answer, Number(port), fault);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://${hostname}:${(server.address() as AddressInfo).port}`,
    seen,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function refuse(incoming: IncomingMessage, answer: ServerResponse): void {
  incoming.resume();
  incoming.once('end', () => answer.writeHead(503, { 'retry-after': '0', connection: 'close' }).end('busy'));
}

function forward(incoming: IncomingMessage, answer: ServerResponse, port: number, fault: Fault): void {
  const { method, url, headers } = incoming;
  const outgoing: ClientRequest = request({ host: '127.0.0.1', port, method, path: url, headers });
  outgoing.once('error', () => answer.destroy());
  outgoing.once('response', (response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.once('end', () => {
      const body = Buffer.concat(chunks);
      if (fault === 'lose answer') answer.destroy();
      else {
        answer.writeHead(response.statusCode ?? 502, response.headers);
        if (fault === 'cut answer') answer.write(body.subarray(0, body.length / 2), () => answer.destroy());
        else answer.end(body);
      }
    });
  });
  incoming.pipe(outgoing);
}
