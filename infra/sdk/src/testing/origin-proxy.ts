import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Passes requests on the way a browser would send them: with an `Origin`, and to the host that the page names. */
export interface OriginProxy {
  url: string;
  close(): Promise<void>;
}

/** @param target where to; its host name is sent as `Host`, and its port on 127.0.0.1 is where the requests go */
export async function startOriginProxy(target: string, origin: string): Promise<OriginProxy> {
  const { host, port } = new URL(target);
  const server = createServer((incoming, answer) => {
    const { method, url, headers } = incoming;
    const outgoing = request({ host: '127.0.0.1', port, method, path: url, headers: { ...headers, host, origin } });
    outgoing.once('response', (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(answer);
    });
    outgoing.once('error', (error) => answer.destroy(error));
    incoming.pipe(outgoing);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
