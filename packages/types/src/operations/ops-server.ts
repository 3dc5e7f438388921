import { createServer, type Server } from 'node:http';

/** What a process tells its operators on its internal port. */
export interface OpsServerOptions {
  host: string;
  /** 0 lets the system choose; read it back from the returned address. */
  port: number;
  /** Why the process can't serve right now; empty when it can. Must answer quickly. */
  readiness: () => Promise<readonly string[]>;
  /** Prometheus text exposition format 0.0.4. */
  metrics: () => Promise<string>;
}

/**
 * Starts the internal HTTP server: `GET /healthz` (this process runs), `GET /readyz` (its dependencies
 * answer) and `GET /metrics`. It is a port of its own, so that nothing of it is ever public.
 */
export function startOpsServer(options: OpsServerOptions): Promise<Server> {
  const server = createServer((req, res) => {
    answer(req.url ?? '/', options).then(
      ({ status, type, body }) => res.writeHead(status, { 'Content-Type': type }).end(body),
      () => res.writeHead(500).end(),
    );
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => {
      server.off('error', reject);
      resolve(server);
    });
  });
}

const JSON_TYPE = 'application/json';

async function answer(url: string, options: OpsServerOptions) {
  switch (url.split('?')[0]) {
    case '/healthz':
      return { status: 200, type: JSON_TYPE, body: '{"status":"ok"}' };
    case '/readyz':
      return readyAnswer(await options.readiness());
    case '/metrics':
      return { status: 200, type: 'text/plain; version=0.0.4; charset=utf-8', body: await options.metrics() };
    default:
      return { status: 404, type: JSON_TYPE, body: '{"error":"Only /healthz, /readyz and /metrics live here."}' };
  }
}

/** The answer of `/readyz`, on the internal and on the public port alike. */
export function readyAnswer(problems: readonly string[]): { status: number; type: string; body: string } {
  return problems.length === 0
    ? { status: 200, type: JSON_TYPE, body: '{"status":"ready"}' }
    : { status: 503, type: JSON_TYPE, body: JSON.stringify({ status: 'not_ready', problems }) };
}
