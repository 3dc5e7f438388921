import { request } from 'node:http';

/** One request to the gateway of this machine. */
export interface Call {
  /** A public base URL such as `http://ingest.localhost:8080`: sent as `Host`, while the connection goes to 127.0.0.1. */
  baseUrl: string;
  method: string;
  path: string;
  /** Bearer credential. */
  token?: string;
  /** Sent as JSON. */
  body?: unknown;
  /** A body that is JSON already. */
  json?: string;
  headers?: Record<string, string>;
  timeoutMs?: number;
}

/** An answer, its body parsed. */
export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: unknown;
}

/**
 * Calls the gateway. Not every resolver knows that names below `localhost` are this machine, so none is asked.
 *
 * @throws Error when there is no answer
 */
export function call({ baseUrl, method, path, token, body, json, headers, timeoutMs = 30_000 }: Call): Promise<Answer> {
  const { host, port } = new URL(baseUrl);
  const payload = json ?? (body === undefined ? undefined : JSON.stringify(body));
  return new Promise((resolve, reject) => {
    const sent = request({
      host: '127.0.0.1',
      port,
      method,
      path,
      timeout: timeoutMs,
      headers: {
        host,
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(payload !== undefined && {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(payload),
        }),
        ...headers,
      },
    });
    sent.once('timeout', () => sent.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    sent.once('error', reject);
    sent.once('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: parse(text) });
      });
    });
    sent.end(payload);
  });
}

function parse(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
