import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

/** A request as it arrived, its body inflated. */
export interface SeenRequest {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** What to answer: a status with JSON, or anything by hand. */
export type Scripted =
  | { status: number; json?: unknown; headers?: Record<string, string> }
  | ((request: IncomingMessage, response: ServerResponse, seen: SeenRequest) => void);

/** An HTTP peer that answers by script and remembers what it was asked. */
export interface ScriptedServer {
  url: string;
  port: number;
  seen: SeenRequest[];
  /** Answers for the next requests, in order; the last one repeats. */
  script(...answers: Scripted[]): void;
  close(): Promise<void>;
}

/** Starts a peer on a free port of 127.0.0.1: for what a network can do to a client, not to stand in for a service. */
export async function startScriptedServer(): Promise<ScriptedServer> {
  let answers: Scripted[] = [];
  const seen: SeenRequest[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const raw = Buffer.concat(chunks);
      const body = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw).toString();
      const entry = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, body };
      seen.push(entry);
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      if (typeof answer === 'function') answer(request, response, entry);
      else {
        response.writeHead(answer?.status ?? 500, { 'content-type': 'application/json', ...answer?.headers });
        response.end(answer?.json === undefined ? undefined : JSON.stringify(answer.json));
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    seen,
    script(...next) {
      answers = next;
      seen.length = 0;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A body of the published error shape. */
export function errorBody(code: string, error = 'A sentence.', details?: unknown): Record<string, unknown> {
  return { error, code, requestId: 'req-1', ...(details !== undefined && { details }) };
}
