import { request } from 'node:http';
import { connect } from 'node:net';

/** What to send; whatever it is, it is sent. */
export interface Probe {
  host: string;
  method: string;
  path: string;
  headers?: Readonly<Record<string, string>>;
  body?: string;
}

/** What came back; status 0: nothing. */
export interface ProbeAnswer {
  status: number;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: string;
}

/** Sends one request on a connection of its own, in whatever shape. */
export function probe(base: string, { host, method, path, headers, body }: Probe): Promise<ProbeAnswer> {
  const { hostname, port } = new URL(base);
  return new Promise((resolve) => {
    const nothing = () => resolve({ status: 0, headers: {}, body: '' });
    const sent = request(
      { hostname, port, method, path, headers: { Host: host, ...headers }, agent: false },
      (answer) => {
        const parts: Buffer[] = [];
        answer.on('data', (part: Buffer) => parts.push(part));
        answer.on('error', nothing);
        answer.on('end', () => {
          const text = Buffer.concat(parts).toString();
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: text });
        });
      },
    );
    sent.on('error', nothing);
    sent.end(body);
  });
}

/** Sends bytes that need not be HTTP; resolves with what came until the connection was closed. */
export function probeRaw(base: string, text: string): Promise<string> {
  const { hostname, port } = new URL(base);
  return new Promise((resolve) => {
    let received = '';
    const socket = connect(Number(port), hostname, () => socket.end(text));
    socket.on('data', (data) => {
      received += data;
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(received));
  });
}
